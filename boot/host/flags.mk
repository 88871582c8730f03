# The toolchain and flags of MACHINE=host: an ordinary Linux process. Sanitizers are on unless RELEASE=1.
CC := $(if $(LLVM),clang$(filter -%,$(LLVM)),gcc)
AR := $(if $(LLVM),llvm-ar$(filter -%,$(LLVM)),ar)
SANITIZERS := $(if $(RELEASE),,-fsanitize=address,undefined -fno-sanitize-recover=undefined)
MACHINE_CFLAGS := -fno-pic -fno-pie $(SANITIZERS)
# These files are the process's side: they see the C library, and of the kernel only what they include.
HOST_SIDE := boot/host/% kernel/machine/host/% tests/unit/run_cmocka.c
HOST_CFLAGS = $(MACHINE_CFLAGS) $(COMMON) -D_GNU_SOURCE
LINK_EXTRA :=
# The kernel's objects are joined and all their names but main made local, so that the kernel's own memcpy or snprintf
# never meets the C library's.
define link
	$(Q)$(CC) -r -nostdlib -no-pie -Wl,-u,main -o $(1).o $(PROGRAM_OBJECT) $(2) $(ARCHIVE)
	$(Q)objcopy --keep-global-symbol=main $(1).o
	$(Q)$(CC) $(SANITIZERS) -no-pie -Wl,--gc-sections -Wl,-z,noexecstack -o $(1) $(1).o $(if $(UNIT),-lcmocka)
endef
