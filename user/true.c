// SPDX-License-Identifier: MIT
//
// true: ends with status 0
#include "os.h"

int true_main(int argc, char **argv)
{
    return 0;
}
