// SPDX-License-Identifier: MIT
//
// help: lists the programs, or says what one does
#include "os.h"

static const char syntax[] =
    "\n"
    "a | b     b reads what a writes          a &      in the background (`jobs`, `kill`)\n"
    "a; b      one after the other            a && b   b only after success, || after failure\n"
    "a > file  its output into a file         a < file its input from there, >> at its end\n"
    "2> file   its errors, 2>&1 to the same   *.c ? [] the names that are like that\n"
    "'..' \"..\" \\  for blanks and signs        $?       the status of the last one\n"
    "sh file   runs a script; $1 $# $@        # ...    a remark\n"
    "Ctrl-C    ends the program               Tab      completes names\n"
    "The shell itself knows cd, exit, history and jobs.\n";

static int explain(const char *name)
{
    struct os_program program;
    for (unsigned i = 0; os_program_next(i, &program); i++) {
        if (strcmp(program.name, name) == 0)
            return os_printf("%s: %s\n", program.name, program.summary) < 0;
    }
    return os_print_error(name, -ENOENT);
}

int help_main(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
        return os_usage("help [PROGRAM]");
    if (argc == 2)
        return explain(argv[1]);

    struct os_program program;
    for (unsigned i = 0; os_program_next(i, &program); i++) {
        if (os_printf("%-9s %s\n", program.name, program.summary) < 0)
            return 1;
    }
    return os_printf("%s", syntax) < 0;
}
