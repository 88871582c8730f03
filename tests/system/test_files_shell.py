# SPDX-License-Identifier: MIT
"""Files at the prompt, as hands type them: redirection, patterns, scripts, and the programs for files.

One machine is booted for all of it; every test works in a directory of its own.
"""
import hashlib
import random
import re

import boot
import pytest

UP, DOWN, LEFT, RIGHT, END = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\x1b[F"
CTRL_F, CTRL_K, CTRL_Q, CTRL_S, CTRL_U = "\x06", "\x0b", "\x11", "\x13", "\x15"
BACKSPACE, DELETE, TAB = "\x7f", "\x1b[3~", "\t"


@pytest.fixture(scope="module", params=boot.MACHINES)
def booted(request, image):
    session = boot.Session(request.param, image(request.param))
    session.prompt()
    session.folders = 0
    yield session
    session.close()


@pytest.fixture
def files(booted):
    """A session that stands at the prompt, in an empty directory below the root."""
    booted.folders += 1
    folder = f"/tmp/t{booted.folders}"
    assert booted.run(f"mkdir -p {folder}; cd {folder}") == ""
    return booted


def check(session, *pairs):
    """Runs commands (none longer than a screen's line), and compares what each prints."""
    for command, printed in pairs:
        assert len(command) < 70, command
        assert session.run(command) == printed, command


def test_redirection(files):
    check(files,
          ("echo one > a; echo two >> a; cat a", "one\ntwo\n"),
          ("cat < a | wc -l > n; cat n", "2\n"),
          ("cat nofile 2> e; echo $?; cat e", "1\ncat: nofile: no such file or directory\n"),
          ("cat a nofile > both 2>&1; wc -l < both", "3\n"),
          ("cat nofile 2>&1 > out | wc -l; wc -c < out", "1\n0\n"),
          ("> empty; wc -c empty", "0 empty\n"),
          ("echo to errors >&2", "to errors\n"),
          ("seq 3 > 'a b'; cat a\\ b", "1\n2\n3\n"),
          ("cat < nofile; echo $?", "shell: nofile: no such file or directory\n1\n"),
          ("echo x > nodir/f", "shell: nodir/f: no such file or directory\n"),
          ("echo x > .", "shell: .: is a directory\n"),
          ("seq 100 | tee t1 t2 | wc -l; cat t1 t2 | wc -l", "100\n200\n"),
          ("seq 2 | tee -a t1 > t2; wc -l t1 t2", "102 t1\n2 t2\n104 total\n"),
          ("history > h; wc -l < h | wc -l", "1\n"),
          ("seq 100000 | cat > big; wc -c < big", "588895\n"))


def test_what_cannot_start_says_so_where_its_errors_go(files):
    unknown = "shell: nosuchthing: no such program; `help` lists them\n"
    check(files,
          ("nosuchthing 2> e; echo $?; cat e", f"127\n{unknown}"),
          ("seq 3 | nosuchthing > o 2>&1; cat o", unknown),
          ("cat /none | cd 2> e; cat e", "shell: cd works only on a line of its own\n"),
          ("nosuchthing > none/o", "shell: none/o: no such file or directory\n"),
          ("nosuchthing | cat", unknown))


def test_a_command_may_have_a_mebibyte_of_arguments(files):
    folder = "/".join(["d" * 200] * 6)
    files.run(f"mkdir -p {folder}; cp /proc/mounts f; cd {folder}")
    files.run("touch " + " ".join(map(str, range(60))))
    files.run("cd ../../../../../..")
    check(files,
          ("echo */*/*/*/*/*/* | wc", f"1 60 {60 * 1207 + 110}\n"),
          ("rm */*/*/*/*/*/*; ls */*/*/*/*/*", ""))
    files.run(f"cd {folder}; touch " + " ".join(map(str, range(60))) + "; cd ../../../../../..")
    assert files.run("echo " + "*/*/*/*/*/*/* " * 16) == "echo: argument list too long\n"


def test_patterns(files):
    check(files,
          ("touch a.c b.c c.h .hidden.c 'x y.c'; mkdir d e", ""),
          ("touch d/1.c d/2.c e/1.c", ""),
          ("echo *.c", "a.c b.c x y.c\n"),
          ("echo '*.c' \"*.c\" \\*.c", "*.c *.c *.c\n"),
          ("echo [ab].c [!a].c ?.h", "a.c b.c b.c c.h\n"),
          ("echo */*.c; echo d/*", "d/1.c d/2.c e/1.c\nd/1.c d/2.c\n"),
          ("echo .h* *.none */", ".hidden.c *.none d/ e/\n"),
          ("cd d; echo ../*.h /tm[p]; cd ..", "../c.h /tmp\n"),
          ("ls *.c | wc -l; rm *.c; echo *", "3\nc.h d e\n"))


def test_directories(files):
    check(files,
          ("pwd > p; mkdir -p x/y/z; cd x/y; cd ..; cd y/z; ls ../../..", "p  x\n"),
          ("cd ../../..; pwd | cat - p > q; sort -u q | wc -l", "1\n"),
          ("cd nodir", "cd: nodir: no such file or directory\n"),
          ("cd p", "cd: p: not a directory\n"),
          ("cd x; cd /; cd - > l; grep -c /x /l; rmdir /l; rm /l", "1\nrmdir: /l: not a directory\n"),
          ("cd ..; mkdir x", "mkdir: x: exists already\n"),
          ("mkdir no/x; rmdir x; rmdir x/y/z x/y x; ls",
           "mkdir: no/x: no such file or directory\nrmdir: x: directory not empty\np  q\n"))


def test_a_current_directory_is_inherited_and_stays_ones_own(files):
    check(files, ("mkdir d; sh -c 'cd d; echo x > inner; pwd' | grep -c /d", "1\n"),
          ("ls; cat d/inner", "d\nx\n"))


def test_ls(files):
    check(files, ("mkdir d; echo hello > f; ln -s f l; touch .h; touch d/g", ""),
          ("ls", "d  f  l\n"), ("ls -a", ".  ..  .h  d  f  l\n"), ("ls -A | cat", ".h\nd\nf\nl\n"),
          ("ls -1 d f", "f\n\nd:\ng\n"), ("ls -R", ".:\nd  f  l\n\n./d:\ng\n"), ("ls -F", "d/  f  l@\n"),
          ("ls -d d", "d\n"), ("ls -r", "l  f  d\n"), ("ls -S f l .h", "f  l  .h\n"),
          ("ls none; echo $?", "ls: none: no such file or directory\n1\n"),
          ("ls -Z", "usage: ls [-aAdFhilrRSt1] [FILE...]\n"))
    lines = files.run("ls -la").splitlines()
    assert len(lines) == 6
    assert re.fullmatch(r"- +1 +6 [-0-9]{10} [0-9:]{5} f", lines[4]), lines
    assert re.fullmatch(r"l +1 +1 .* l -> f", lines[5]), lines
    assert lines[3].startswith("d ") and lines[3].endswith(" d")


def test_columns_fill_the_screen(files):
    for i in range(30):
        files.run(f"touch file{i:02}")
    lines = files.run("ls file??").splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= 80
    assert " ".join(lines).split()[:2] == ["file00", "file03"]  # down, then right


def test_copying_and_moving(files):
    check(files, ("mkdir -p t/a/b; echo 1 > t/1; echo 2 > t/a/2; ln -s 1 t/l", ""),
          ("cp t/1 c; cat c; cp t c; echo $?", "1\ncp: t: is a directory: -r copies it with what is in it\n1\n"),
          ("cp -r t u; ls -R u", "u:\n1  a  l\n\nu/a:\n2  b\n\nu/a/b:\n"),
          ("cp -r t u; ls u; cat u/l u/t/a/2", "1  a  l  t\n1\n2\n"),
          ("cp t/1 c; cp -r t/a c d", "cp: d: not a directory\n"),
          ("mkdir d; cp -r t/a c d/; ls d; mv d/c d/renamed; ls d", "a  c\na  renamed\n"),
          ("mv d/a u", "mv: d/a to u/a: directory not empty\n"),
          ("rm -r u/a; mv d/a d/renamed u; ls d u", "d:\n\nu:\n1  a  l  renamed  t\n"),
          ("cp -r u u/inside; ls u/inside", "cp: u/inside: a directory is not copied into itself\n"
           "1  a  l  renamed  t\n"),
          ("cp c c", "cp: c and c are the same file\n"),
          ("cp c none/; cp c t/1/; ls none", "cp: none/: no such file or directory\n"
           "cp: t/1/: not a directory\nls: none: no such file or directory\n"),
          ("mv u u/x", "mv: u to u/x: invalid argument\n"),
          ("mv none x; mv c d u t; ls; ls t", "mv: none to x: no such file or directory\nt\n1  a  c  d  l  u\n"),
          ("cp none t/1 t/a; echo $?; ls t/a", "cp: none: no such file or directory\n1\n1  2  b\n"))


def test_removing(files):
    check(files, ("mkdir -p t/a/b; touch t/1 t/a/2 f g; ln -s t l", ""),
          ("rm t; rm f none g; echo $?", "rm: t: is a directory\nrm: none: no such file or directory\n1\n"),
          ("rm -f none; echo $?; ls", "0\nl  t\n"),
          ("rm -r l; ls; rm -rf t none; ls", "t\n"),
          ("echo x > -f; rm -- -f; ls", ""),
          ("rm -r . ..", "rm: .: would take away the ground we stand on\n"
           "rm: ..: would take away the ground we stand on\n"),
          ("rm", "usage: rm [-rf] FILE...\n"))


@pytest.mark.parametrize("machine", boot.MACHINES)
def test_tail_keeps_only_what_it_needs(start, machine):
    session = start(machine, memory="8M")
    session.prompt()
    assert session.run("cd /tmp; seq 30000 > b; tail -n 30001 b | wc -l; tail -n 29999 b | wc -l") == "30000\n29999\n"
    b = "b " * 24
    assert session.run(f"cat {b} > /dev/null; cat {b} | cat - {b} | tail -n 2") == "29999\n30000\n"
    assert session.run("tail -n 0 b; echo -n | tail; cat b b | tail -n 30001 | head -n 2") == "30000\n1\n"
    assert session.run("echo a > c; echo -n b >> c; tail -n 1 c; echo; tail -n 9 c c; echo") == \
        "b\n==> c <==\na\nb\n==> c <==\na\nb\n"


def test_deep_trees_need_no_deep_stack(files):
    files.run("mkdir d; echo x > d/f")
    for _ in range(7):
        files.run("cp -r d e; mkdir n; mv e n/d; mv d n/e; mv n d")
    check(files, ("find d -name f | wc -l", "128\n"), ("find d -maxdepth 1 | sort", "d\nd/d\nd/e\n"))
    files.run("rm -r d; mkdir d; touch d/f")
    for _ in range(10):  # more directories below each other than there are handles
        files.run("mkdir -p a" + "/a" * 24)
        files.run("mv d a" + "/a" * 24 + "; mv a d")
    check(files, ("find d -type d | wc -l; find d -name f | wc -c", "251\n504\n"),
          ("cp -r d e; tree e | tail -n 1", "250 directories, 1 file\n"),
          ("grep -rc x e | wc -l; du -sb d | wc -l; rm -r d e; ls", "1\n1\n"))


def test_links_and_stat(files):
    check(files, ("echo hi > f; ln f g; ln -s f s; ln -s none broken; ln -s . here", ""),
          ("cat g s here/here/s", "hi\nhi\nhi\n"),
          ("echo more >> s; cat f | wc -l; rm f; cat g | wc -l", "2\n2\n"),
          ("cat s", "cat: s: no such file or directory\n"),
          ("ln g g; ln none x", "ln: g to g: exists already\nln: x to none: no such file or directory\n"),
          ("ln -sf g s; cat s | wc -l; ln -s loop loop; cat loop", "2\ncat: loop: too many symbolic links\n"),
          ("stat g | grep -c 'size: 8 bytes'; stat broken | grep -c none", "1\n1\n"),
          ("stat s | grep type; stat -L s | grep type", "      type: symbolic link\n      type: file\n"),
          ("stat here/. | grep -c directory; stat nofile", "1\nstat: nofile: no such file or directory\n"))


def test_scripts(files):
    lines = ["# says hello", "echo '#' $0 $1 \"$2\" $# # to whom", "", "false || \\", "  echo went on", "cd /; exit 7",
             "echo never"]
    for line in lines:
        files.run("echo " + "".join("\\" + c if c in "'\"\\$#|&;<> " else c for c in line) + " >> s")
    check(files, ("wc -l s; sh s 'a b' c; echo $?", "7 s\n# s a b c 2\nwent on\n7\n"),
          ("echo 'echo \"$@\" $#' > all; sh all; sh all 'a  b' c", "0\na  b c 2\n"),
          ("sh none; echo $?", "shell: none: no such file or directory\n127\n"),
          ("echo \"echo a; echo 'b\" > bad; sh bad", "shell: line 1: no ' closes the one at column 14\n"),
          ("sh /; echo $?", "shell: /: is a directory\n126\n"),
          ("echo 'echo x > made' | sh; cat made", "x\n"),
          ("./all", "shell: ./all: no such program; `sh ./all` runs a script\n"))


def test_searching(files):
    text = ["the quick brown fox", "jumps", "", "Over 12 lazy dogs", "a.b", "axb"]
    for line in text:
        files.run(f"echo '{line}' >> f")
    check(files, ("grep -n o f", "1:the quick brown fox\n4:Over 12 lazy dogs\n"),
          ("grep -ic '^o' f; grep -v '[aeo]' f", "1\njumps\n\n"),
          ("grep 'a\\.b' f; grep 'a.b$' f", "a.b\na.b\naxb\n"),
          ("grep '[0-9][0-9]*' f; grep 'fo*x$' f", "Over 12 lazy dogs\nthe quick brown fox\n"),
          ("grep none f; echo $?; grep x nofile; echo $?", "1\ngrep: nofile: no such file or directory\n2\n"),
          ("grep '[a' f; echo $?", "grep: [a: a [ is not closed\n2\n"),
          ("mkdir -p d/e; cp f d/e/g; echo fox > d/h; grep -rl fox d", "d/e/g\nd/h\n"),
          ("grep -r fox d; seq 20 | grep -c 1", "d/e/g:the quick brown fox\nd/h:fox\n11\n"),
          ("find . -type f -name '[fg]'; find d -type d", "./d/e/g\n./f\nd\nd/e\n"),
          ("find . -size +4 -type f | sort -r; find none", "./f\n./d/e/g\nfind: none: no such file or directory\n"))


def test_sorting(files):
    numbers = random.Random(3).sample(range(-500, 1000), 60)
    files.run("> f")
    for number in range(0, 60, 10):
        files.run("".join(f"echo {n} >> f;" for n in numbers[number:number + 4]))
    lines = files.run("cat f").splitlines()
    assert len(lines) == 24
    assert files.run("sort f").splitlines() == sorted(lines)
    assert files.run("sort -n f").splitlines() == sorted(lines, key=int)
    assert files.run("sort -nr f").splitlines() == sorted(lines, key=int, reverse=True)
    check(files, ("cat f f | sort -u | wc -l; sort f f | wc -l", "24\n48\n"),
          ("sort -o f f; sort f | grep -c .; sort nofile", "24\nsort: nofile: no such file or directory\n"))


def test_sums_and_dumps(files):
    def sum_of(data):
        return hashlib.sha256(data).hexdigest()
    numbers = "".join(f"{i}\n" for i in range(1, 20001)).encode()
    check(files, ("seq 20000 > n; sha256sum n", f"{sum_of(numbers)}  n\n"),
          ("echo -n | sha256sum", f"{sum_of(b'')}  -\n"),
          ("sha256sum n > sums; sha256sum -c sums; echo >> n", "n: OK\n"),
          ("sha256sum -c sums; echo $?", "n: FAILED\n1\n"),
          ("dd if=n of=part bs=1k skip=3 count=2 2> t; wc -c part", "2048 part\n"),
          ("sha256sum < part", f"{sum_of(numbers[3072:5120])}  -\n"),
          ("dd if=part of=n bs=100 seek=2 conv=notrunc,fsync 2> t", ""),
          ("sha256sum n | head -n 1", f"{sum_of(numbers[:200] + numbers[3072:5120] + numbers[2248:] + bytes([10]))}  n\n"),
          ("seq 3 | dd bs=2 count=2 2> t; grep -c '4 bytes' t", "1\n2\n1\n"),
          ("dd if=none; dd bs=0", "dd: none: no such file or directory\nusage: dd [if=FILE] [of=FILE] [bs=BYTES]"
           " [count=BLOCKS] [skip=BLOCKS] [seek=BLOCKS] [conv=notrunc,fsync]\n"))
    assert files.run("echo 'Hello, files!' | hexdump") == (
        "00000000  48 65 6c 6c 6f 2c 20 66  69 6c 65 73 21 0a        |Hello, files!.|\n0000000e\n")
    assert files.run("hexdump -s 16 -n 2 part").splitlines()[0].startswith("00000010  ")


def test_trees_and_space(files):
    check(files, ("mkdir -p d/e; seq 2000 > d/f; ln -s f d/l; touch d/.h", ""),
          ("tree d", "d\n├── e\n├── f\n└── l -> f\n\n1 directory, 2 files\n"),
          ("tree -d", ".\n└── d\n    └── e\n\n2 directories, 0 files\n"),
          ("touch z; sync; sync d/f nofile", "sync: nofile: no such file or directory\n"),
          ("umount /tmp/nothing", "umount: /tmp/nothing: no such file or directory\n"))
    assert re.fullmatch(r"8893 +d/f\n", files.run("du -b d/f"))
    assert re.search(r"(?m)^\S+ +\w+ +[\d.]+[KMG]? .*%  /$", files.run("df /"))
    assert re.search(r"(?m)^memory +ramfs +- +- +- +0%  /$", files.run("df -i /"))  # as many as fit
    assert re.search(r"(?m)^\S+ on / type \w+ \(r[wo]\)$", files.run("mount"))


def test_tab_completes_names(files):
    files.run("mkdir directory; touch 'with blank' other1 other2; echo in > directory/inner")
    for keys, line in (("cat dir\tin\t", "in\n"), ("echo wi\t", "with blank\n"), ("echo o\t1", "other1\n"),
                       ("echo x > new; cat di\ti\t", "in\n"), ("ls d\t", "inner\n"), ("pw\t | grep -c tmp", "1\n"),
                       ("cd d\t; ls; cd ..", "inner\n"), ("cat <directory/i\t", "in\n"), ("echo 'wi\t", "with blank\n")):
        files.send(keys + "\n")
        files.expect("\n")
        assert files.prompt() == line, keys
    files.send("echo other" + TAB + TAB)
    files.expect("other1  other2  \n")
    files.send("2\n")
    files.expect("\n")
    assert files.prompt() == "other2\n"


def edit(session, name, keys, saves=True):
    session.send(f"edit {name}\n")
    session.expect("Ctrl-Q leaves")
    session.send(keys)
    if saves:
        session.send(CTRL_S)
        session.expect("saved")
        session.send(CTRL_Q)
    session.prompt()


def test_edit(files):
    edit(files, "f", "first line\nsecnd\nthird" + UP + LEFT * 2 + "o")
    check(files, ("cat f; echo", "first line\nsecond\nthird\n"))
    edit(files, "f", DOWN + CTRL_K + END + "\n" + CTRL_U + UP * 3 + END + BACKSPACE + "E" + CTRL_F + "ir\n" + DELETE)
    check(files, ("cat f", "first linE\nthrd\nsecond\n"), ("ls -A", "f\n"))
    files.send("edit f\n")
    files.expect("Ctrl-Q leaves")
    files.send("lost" + CTRL_Q)
    files.expect("not saved")
    files.send(CTRL_Q)
    files.prompt()
    check(files, ("wc -c f", "23 f\n"), ("edit .; echo $?", "edit: .: is a directory\n1\n"))
    files.run("seq 3000 > n; ln -s n l")
    edit(files, "l", "\x1b[6~" * 3 + "x" + "積木" + "\n" + "y" * 200)
    lines = files.run("grep -n '[xy]' n").splitlines()
    assert [re.sub(r"y+", "y", line) for line in lines] == ["67:x積木", "68:y67"], lines
    check(files, ("wc -l l", "3001 l\n"))


def test_edit_saves_beside_the_file_and_harms_no_other(files):
    check(files, ("echo mine > .edit-saving; echo mine > .g.saving", ""), ("> " + "n" * 40, ""))
    edit(files, "f", "new")
    edit(files, "n*", "long")
    check(files, ("cat .edit-saving .g.saving; rm .*g; ls -A", f"mine\nmine\nf  {'n' * 40}\n"), ("cat n*; echo", "long\n"))
    files.run("mv n* " + "n" * 255)
    edit(files, "n*", "as long as may be, ")
    check(files, ("cat n*; echo; ls -A | wc", "as long as may be, long\n2 2 258\n"))


def test_errors_are_survived(files):
    """Nothing of this is fatal, and the status says that it failed."""
    for command in ("cp", "mv a", "ln", "mkdir", "rmdir", "touch", "stat", "grep", "dd x", "find -name", "mount a",
                    "umount", "head -n x f", "sort -x", "tee -x", "tree -x", "hexdump -s x", "edit", "cat -x", "wc -x",
                    "du -x", "df -x", "sha256sum -x", "sync -x", "pwd x", "cd a b", "mount /dev/none /tmp",
                    "sh -x", "sh -c", "cat /", "echo x > /", "cp / x", "mv / x", "rm -r /", "tree none", "du none"):
        assert files.run(command) != "", command
        assert files.run("echo $?") in ("1\n", "2\n"), command
