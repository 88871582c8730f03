// SPDX-License-Identifier: MIT
//
// sh: the shell, by the name that hands know: runs a script
#include "shell.h"

int sh_main(int argc, char **argv)
{
    return shell_main(argc, argv);
}
