// SPDX-License-Identifier: MIT
//
// Says hello, and stays: the first program must not end.
#include <unistd.h>

int main(void)
{
    static const char hello[] = "hello\n";
    if (write(1, hello, sizeof(hello) - 1) < 0)
        return 1;
    for (;;)
        pause();
}
