# SPDX-License-Identifier: MIT
"""Building an image, booting it, talking to it, and judging what it says.

    image = build("riscv64", CHAPTER="05")
    session = Session("riscv64", image, append='run="ps"')
    session.expect("main"); session.end(status=0)

    for run in parse_expect("docs/chapters/05-device-tree/expect"): hold("riscv64", image, run)

Shared by tools/qemu, tools/check and the tests. Only Session needs more than the standard library (pexpect).
"""
import codecs
import contextlib
import fcntl
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import namedtuple

import bus as buses
import disks as disk_images
import elf
import grub
import machines
import network
from machines import MACHINES

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PATIENCE = float(os.environ.get("TSUMIKI_PATIENCE", "30"))  # seconds for one step of a session; slow hosts need more
PROMPT = re.compile(r"(?m)^tsumiki\$ ")
ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


# ---- Building -------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def only_builder(folder):
    """Holds a build folder for oneself: two makes at a time would write the same objects."""
    os.makedirs(os.path.join(ROOT, folder), exist_ok=True)
    with open(os.path.join(ROOT, folder, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make(*goals, check=True, environment=None, **variables):
    """Runs make at the top of the tree, for goals that build; returns the finished process with its output as text."""
    command = ["make", "--no-print-directory", "-C", ROOT, *goals, *(f"{k}={v}" for k, v in variables.items())]
    clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    with only_builder(variables.get("BUILD") or os.environ.get("BUILD", "build")):
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**clean, **(environment or {})}, check=False)
    if check and done.returncode:
        raise Failure(f"the build failed:  {shlex.join(command)}\n\n{done.stdout}")
    return done


def build(machine, **variables):
    """Path of the image: the whole system, or with CHAPTER=, APP=, UNIT=, RELEASE=, WORK= ... as make has them."""
    output = make("-j2", "print-image", MACHINE=machine, **variables).stdout
    return os.path.join(ROOT, output.strip().splitlines()[-1])


def add_machine_options(parser):
    """The options that say which machine the image gets, for tools/qemu and tools/gdb/run."""
    parser.add_argument("--machine", choices=MACHINES, default="riscv64")
    parser.add_argument("--bus", choices=buses.BUSES, help="where the devices are plugged in")
    parser.add_argument("--boot", choices=grub.FIRMWARES, help="start from a disk with GRUB: bios or uefi")
    parser.add_argument("--memory", default="128M")
    parser.add_argument("--append", default="", help="the kernel's command line")
    parser.add_argument("--disk", action="append", default=[], help="an image, which the machine may change")
    parser.add_argument("--net", help="the network: user, tap:NAME, dgram:LOCAL:REMOTE or none")
    parser.add_argument("--forward", default="", help="ports of this host that lead to the machine's: 8080:80,...")
    parser.add_argument("--pcap", help="a file for all frames that go over the wire")
    parser.add_argument("--expect", help="a chapter's: disks and network as its first run has them, the disks made anew")


def disks_of(arguments):
    """The disks that these options describe."""
    disks = arguments.disk
    if arguments.expect and not disks:
        wanted = [disk for run in parse_expect(arguments.expect)[:1] for disk in run.disks]
        disks = make_disks(arguments.image, wanted, os.path.dirname(arguments.image))
    for path in disks:
        if not os.path.exists(path):
            raise Failure(f"there is no disk image {path}.  `truncate -s 16M {path}` makes an empty one, `make tools`\n"
                          f"builds the tools for our file system:  build/mkfs.tsfs {path} 16M [folder]")
    return [{"file": path, "snapshot": False} for path in disks]


def bus_of(arguments):
    """The bus that these options describe."""
    wanted = [run.bus for run in parse_expect(arguments.expect)[:1]] if arguments.expect else []
    return arguments.bus or ("pci" if arguments.boot else (wanted or [buses.DEFAULT])[0])


def network_of(arguments):
    """The network that these options describe."""
    try:
        words, forwards = arguments.net, list(network.forwards_of(arguments.forward))
        if words is None and arguments.expect:
            # A person would like to know the port beforehand.
            words = re.sub(r"\b(tcp|udp) (\d+)\b(?!:)", lambda found: f"{found[1]} {network.wish_for(int(found[2]))}:{found[2]}",
                           next((run.net for run in parse_expect(arguments.expect)), "none"))
        words = words or "none"
        return network.Network(" ".join([words, *(forwards if words.startswith("user") else [])]), arguments.pcap)
    except network.NetworkError as error:
        raise Failure(str(error)) from None


def make_disks(image, wanted, folder):
    """Fresh disks, as a chapter's `expect` describes them, in the folder; returns their paths. The tools come from where
    the image was built."""
    tools = os.path.dirname(os.path.dirname(os.path.abspath(image)))
    if any(disk.kind == "tsfs" for disk in wanted):
        make("tools", BUILD=tools)
    paths = [os.path.join(folder, f"{os.path.basename(image)}-disk{i}.img") for i in range(len(wanted))]
    for path, disk in zip(paths, wanted):
        try:
            disk_images.make_disk(path, disk._replace(folder=disk.folder and os.path.join(ROOT, disk.folder)), tools)
        except disk_images.DiskError as error:
            raise Failure(str(error)) from None
    return paths


# ---- Starting -------------------------------------------------------------------------------------------------
def gdb_port():
    """A port of one's own, so that two people can debug on one machine."""
    return int(os.environ.get("TSUMIKI_GDB_PORT", 25000 + os.getuid() % 10000))


def devices(machine, disks=(), net=None, bus=buses.DEFAULT):
    """What is plugged into QEMU's machine besides its own parts."""
    card = network.network_of(net).arguments(machine, bus) or ["-nic", "none"]
    room = buses.CARD + (len(card) == 2) - buses.FIRST_DISK
    return ["-global", "virtio-mmio.force-legacy=false", "-device", buses.plug(bus, "rng", buses.ENTROPY),
            *disk_images.arguments(machine, disks, bus, room), *card]


def command_line(machine, image, memory="128M", smp=1, append="", console="", disks=(), net=None, bus=buses.DEFAULT,
                 boot=None):
    """The words that start the machine; `console` is added to QEMU's description of the terminal. `net` is a Network, or
    its words: "user tcp 80" (tools/network.py). `bus`: mmio or pci. `boot`: "bios" or "uefi" start it from the disk that
    grub.make_disk() has made, where the command line is, too."""
    words = ["-append", append] if append else []
    if machine == "host":
        return [image, "-m", str(memory), *words, *disk_images.arguments("host", disks),
                *network.network_of(net).arguments("host")]
    return [*machines.emulator(machine, bus), "-m", str(memory), "-smp", str(smp), "-display", "none",
            "-chardev", "stdio,id=console,mux=on,signal=off" + console,
            "-serial", "chardev:console", "-mon", "chardev=console",
            *([] if boot else ["-kernel", image, *words]), *devices(machine, disks, net, bus),
            *(grub.arguments(boot, f"{image}.iso") if boot else [])]


# ---- Looking at a running machine ---------------------------------------------------------------------------
class Monitor:
    """QEMU's own view of the machine, through its control socket."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tsumiki-")
        self.path = os.path.join(self.folder, "monitor")
        self.arguments = ["-qmp", f"unix:{self.path},server=on,wait=off"]

    def ask(self, command):
        """The answer of the monitor's command, as a person would see it; '' when QEMU does not answer."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(self.path)
                stream = connection.makefile("rw")
                stream.readline()  # its greeting
                self._execute(stream, "qmp_capabilities")
                return self._execute(stream, "human-monitor-command", **{"command-line": command})
        except (OSError, ValueError):
            return ""

    @staticmethod
    def _execute(stream, command, **arguments):
        stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        stream.flush()
        while True:
            answer = json.loads(stream.readline())
            if "return" in answer or "error" in answer:
                return answer.get("return", "")

    def harts(self):
        """[{'pc': ..., 'ra': ..., 'scause': ...}], one for each hart."""
        harts = []
        for part in re.split(r"CPU#\d+", self.ask("info registers -a"))[1:]:
            found = re.findall(r"(?:x\d+/)?(\w+)(?: +|=)([0-9a-f]{16})\b", part)
            harts.append({"pc" if name == "RIP" else name: int(value, 16) for name, value in found})
        return [hart for hart in harts if "pc" in hart]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def where(image, pc):
    """In words: where a program counter points."""
    try:
        kernel = elf.Elf(image)
    except (OSError, elf.NotElf):
        return f"{pc:#x}"
    low, high = kernel.loaded_range()
    if low <= pc < high:
        return f"{pc:#x}, in the kernel: {kernel.describe(pc) or 'no function of ours'}"
    firmware = next((m.firmware for m in machines.BARE.values() if m.image == low), (0, 0))
    if firmware[0] <= pc < firmware[1]:
        return f"{pc:#x}, in the firmware"
    return f"{pc:#x}, nowhere: neither the kernel nor the firmware is there"


# ---- Talking to it ---------------------------------------------------------------------------------------------
class Failure(Exception):
    """Something is not as it should be; the text says what, for a person."""


class Session:
    """A booted machine on a terminal of its own. `prefix`: a command that starts it, as `ip netns exec NAME` does."""

    def __init__(self, machine, image, memory="128M", smp=1, append="", disks=(), net=None, bus=buses.DEFAULT, boot=None,
                 extra=(), prefix=(), environment=None):
        import pexpect

        self.machine, self.image = machine, image
        self.monitor = Monitor() if machine != "host" else None
        self.net = network.network_of(net)
        if boot:
            grub.make_disk(image, append)
        self.line = [*prefix, *command_line(machine, image, memory, smp, append, disks=disks, net=self.net, bus=bus,
                                            boot=boot), *extra]
        hidden = self.monitor.arguments if self.monitor else []
        self.child = pexpect.spawn(self.line[0], [*self.line[1:], *hidden], echo=False, timeout=PATIENCE,
                                   dimensions=(24, 80), env={**os.environ, **(environment or {})})
        self.child.delaybeforesend = None
        self.text = ""       # all that came, without carriage returns and escape sequences
        self.raw = ""        # the same as it came
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may come in two pieces
        self.position = 0    # how much of the text has been expected already
        self.host_text, self.host_position = "", 0  # the same of the commands that ran on this host meanwhile
        self.ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def pump(self, seconds):
        """Takes in what comes, waiting at most so long for it. False when the machine has ended."""
        import pexpect

        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            self.ended = True
            return False
        self.raw += self.decoder.decode(data)
        self.text = ESCAPE_SEQUENCE.sub("", self.raw).replace("\r", "")
        return True

    def send(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        while data:
            # A terminal takes a few KiB at once: hear what comes in between, as a person's terminal does.
            sent = os.write(self.child.child_fd, data[:512])
            data = data[sent:]
            self.pump(0 if data else 0.01)

    def run_on_host(self, command, timeout=None):
        """Runs a command on this host while the machine runs, {tcp:80} replaced by the port that leads there; returns its
        status. What it prints can be expected like the kernel's output."""
        network.lengthen_queues(self.child.pid)
        with tempfile.TemporaryFile() as output:
            done = subprocess.Popen(self.net.fill_in(command), shell=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                                    stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            deadline = time.monotonic() + (timeout or PATIENCE)
            while done.poll() is None and time.monotonic() < deadline:
                if not self.ended:
                    self.pump(0.02)  # a kernel that nobody listens to stops some day
            late = done.poll() is None
            if late:
                os.killpg(done.pid, signal.SIGKILL)
            done.wait()
            output.seek(0)
            self.host_text += output.read().decode(errors="replace").replace("\r", "")
        if late:
            raise Failure(self.explain(f"this does not end:  {command}"))
        return done.returncode

    def expect(self, what, timeout=None):
        """Waits for a text, or a compiled pattern, behind all that was expected before; returns the match's text."""
        pattern = re.compile(re.escape(what)) if isinstance(what, str) else what
        deadline = time.monotonic() + (timeout or PATIENCE)
        match = pattern.search(self.host_text, self.host_position)
        if match:
            self.host_position = match.end()
            return match
        while True:
            match = pattern.search(self.text, self.position)
            if match:
                self.position = match.end()
                return match
            if self.ended or time.monotonic() > deadline:
                raise Failure(self.explain(f"expected: {what if isinstance(what, str) else '~' + what.pattern}"))
            self.pump(0.2)

    def prompt(self, timeout=None):
        """Waits for the shell's prompt; returns what came before it, from where the last expectation ended."""
        start, match = self.position, self.expect(PROMPT, timeout)
        return self.text[start:match.start()]

    def run(self, command, timeout=None):
        """Types a command at the prompt; returns what it prints until the next prompt."""
        self.send(command + "\n")
        self.expect("\n", timeout)  # behind the echo of what was typed
        return self.prompt(timeout)

    def forget(self):
        """Drops what has been expected already. Who talks for hours does so now and then, since each piece that comes costs
        as much time as there is text."""
        self.raw = self.text = self.text[self.position:]  # what is left may end within an escape sequence, and keeps it
        self.host_text = self.host_text[self.host_position:]
        self.position = self.host_position = 0

    def wait(self, timeout=None):
        """The exit status, once the machine ends by itself."""
        deadline = time.monotonic() + (timeout or PATIENCE)
        while self.pump(0.2):
            if time.monotonic() > deadline:
                raise Failure(self.explain("it does not end"))
        self.child.wait()
        status = self.child.exitstatus
        return machines.status(self.machine, status) if status is not None else 128 + self.child.signalstatus

    def end(self, status=0, timeout=None):
        found = self.wait(timeout)
        if found != status:
            raise Failure(self.explain(f"expected: exit status {status}\nfound:    exit status {found}"))

    def cpu_seconds(self):
        """Processor time that the machine has cost so far."""
        with open(f"/proc/{self.child.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def diagnosis(self):
        """What is the matter, before anything is compared."""
        said = after_firmware(self.text).strip() if self.machine != "host" else self.text.strip()
        if "PANIC" in self.text:
            return "The kernel panicked; its report is below."
        if "AddressSanitizer" in self.text or "runtime error:" in self.text:
            return "A sanitizer stopped it; its report is below."
        if self.ended:
            if self.child.isalive():
                self.child.wait()
            how = f"signal {self.child.signalstatus}" if self.child.signalstatus else f"status {self.child.exitstatus}"
            return f"It ended by itself ({how})." if said else f"It ended before it said anything ({how})."
        place = ""
        if self.monitor:
            harts = self.monitor.harts()
            place = "".join(f"\n  hart {i}: pc {where(self.image, h['pc'])}" for i, h in enumerate(harts))
        if not said:
            return "Nothing was printed, and it is still running." + place
        return "It is still running, and nothing more comes: it waits for something, or hangs." + place

    def explain(self, message):
        lines = self.text[:self.position].splitlines()[-4:], self.text[self.position:].splitlines()[-25:]
        shown = "\n".join(["  | " + line for line in lines[0]] + ["  (behind what was found already:)"] +
                          ["  > " + line for line in lines[1]])
        if self.host_text:
            rest = self.host_text[self.host_position:].splitlines()
            shown += "\noutput on this host, behind what was found already:\n" + "\n".join("  > " + line for line in rest)
        return f"{self.diagnosis()}\n{message}\noutput:\n{shown}\nreproduce: {shlex.join(self.line)}"

    def close(self):
        if self.child.isalive():
            self.child.terminate(force=True)
        self.child.close(force=True)
        if self.monitor:
            self.monitor.close()


def after_firmware(text):
    """What came behind OpenSBI's banner, whose last lines begin with 'Boot HART'. Any part of it may be all so far. Or
    behind what GRUB says, and whatever came before that."""
    if grub.HANDOVER in text:
        return text.partition(grub.HANDOVER)[2]
    if "OpenSBI" not in text:
        return "" if "OpenSBI".startswith(text.strip()) else text
    _, *parts = re.split(r"(?m)^Boot HART .*\n", text)
    rest = parts[-1] if parts else ""
    return "" if "Boot HART".startswith(rest.strip()[:9]) else rest


# ---- What a chapter promises -----------------------------------------------------------------------------------
Run = namedtuple("Run", "append status skip steps line disks net bus")


def parse_devices(path, number, words, disks, net, bus):
    """The disks, the network and the bus with what one such line adds to them."""
    try:
        if words.startswith("net "):
            network.Network(words[4:])
            return disks, words[4:].strip(), bus
        if words in ("bus " + name for name in buses.BUSES):
            return disks, net, words[4:]
        return disks + ([] if words == "none" else [disk_images.parse(words)]), net, bus
    except (disk_images.DiskError, network.NetworkError) as error:
        raise Failure(f"{path}:{number}: {error}") from None


def parse_expect(path):
    """The runs that an `expect` file describes. One item a line:

    text          must appear in the output, in this order       ~ regex      the same, a regular expression
    < text        is typed at this point (\\n, \\t, \\x03 ...)       # comment
    $ words => 1  a new run with this kernel command line, and its exit status (0 unless said)
    ! host: why   this run is not for that machine
    @ tsfs 16M disk   before a run: it and the following ones have this disk, and those of further such lines, made anew
                  for each: `blank SIZE`, or `tsfs` or `fat`, a size and a folder of the tree to fill it; `none`
    @ net user tcp 80 such a line, too: they have this network, and some port of this host leads to the machine's port 80
    @ bus pci     such a line, too: devices are plugged into PCI (tools/bus.py)
    @ host curl localhost:{tcp:80} => 7   at this point a command runs on this host, and ends with that status (0 unless
                  said); what it prints is expected like the machine's output
    """
    runs, disks, net, bus, first = [], [], "none", buses.DEFAULT, ""
    with open(path) as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if not line.strip() or line.startswith("#"):
                continue
            on_host = re.fullmatch(r"@ *host (.+?)(?: => *(\d+))?", line)
            if on_host:
                runs[-1].steps.append(("host", (on_host[1], int(on_host[2] or 0))))
                continue
            before, first = first, line[0]
            if first == "@":
                disks, net, bus = (disks, net, bus) if before == "@" else ([], "none", buses.DEFAULT)
                disks, net, bus = parse_devices(path, number, line[1:].strip(), disks, net, bus)
                continue
            if line.startswith("$"):
                words, _, status = line[1:].partition("=>")
                runs.append(Run(words.strip(), int(status or 0), {}, [], number, disks, net, bus))
                continue
            if not runs:
                runs.append(Run("", 0, {}, [], number, disks, net, bus))
            if line.startswith("!"):
                machine, _, reason = line[1:].partition(":")
                runs[-1].skip[machine.strip()] = reason.strip()
            elif line.startswith("<"):
                runs[-1].steps.append(("type", line[2:].encode().decode("unicode_escape")))
            elif line.startswith("~"):
                runs[-1].steps.append(("match", re.compile(line[1:].strip(), re.M)))
            else:
                runs[-1].steps.append(("text", line))
    return runs


def hold(machine, image, run, **options):
    """Boots the image and holds it to one run. Raises Failure with words for a person."""
    with tempfile.TemporaryDirectory(prefix="tsumiki-") as folder:
        disks = make_disks(image, run.disks, folder)
        with Session(machine, image, append=run.append, disks=disks, net=run.net, bus=run.bus, **options) as session:
            follow(session, run)


def follow(session, run):
    """Takes a session through the steps of a run, to its end."""
    for number, (kind, what) in enumerate(run.steps):
        if kind == "type":
            session.send(what)
            continue
        if kind == "host":
            status = session.run_on_host(what[0])
            if status != what[1]:
                raise Failure(session.explain(f"expected: status {what[1]} of `{what[0]}`\nfound:    status {status}"))
            continue
        try:
            session.expect(what)
        except Failure as failure:
            rest = [w if isinstance(w, str) else "~" + w.pattern
                    for k, w in run.steps[number + 1:] if k in ("text", "match")]
            later = "\nstill to come after that:\n" + "\n".join("  " + w for w in rest) if rest else ""
            raise Failure(f"{failure}{later}") from None
    session.end(run.status)
