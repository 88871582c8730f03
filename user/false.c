// SPDX-License-Identifier: MIT
//
// false: ends with status 1
#include "os.h"

int false_main(int argc, char **argv)
{
    return 1;
}
