# The toolchain and flags of MACHINE=riscv64: QEMU virt, OpenSBI at 0x80000000, the kernel behind it in S-mode.
ifneq ($(LLVM),)
    LLVM_VERSION := $(filter -%,$(LLVM))
    CC := clang$(LLVM_VERSION) --target=riscv64-unknown-elf
    LD := ld.lld$(LLVM_VERSION)
    AR := llvm-ar$(LLVM_VERSION)
else
    CROSS ?= $(firstword $(foreach p,riscv64-unknown-elf- riscv64-linux-gnu- riscv64-elf- riscv64-none-elf-,$(if $(shell command -v $(p)gcc),$(p))))
    CC := $(CROSS)gcc
    LD := $(CROSS)ld
    AR := $(CROSS)ar
endif
# Made for size: registers are saved by calls (save.S) at a function's ends only, a switch is a row of comparisons, strings begin
# anywhere, of two ways the shorter one is taken.
SMALL := $(filter small,$(FRAMELESS))
SMALL_CFLAGS := -msave-restore -malign-data=natural -mtune=size -fno-caller-saves -fno-move-loop-invariants -fno-jump-tables
PARTS := $(filter-out $(if $(SMALL),,%/save.S),$(PARTS))
# Newer compilers want zicsr named, older ones do not know it. lld before version 15 cannot relax calls, older
# debuggers cannot read all of clang's DWARF 5. gcc's limits.h goes on to a C library's, unless told that it has come.
MACHINE_CFLAGS := -march=rv64imac$(shell $(CC) -march=rv64imac_zicsr_zifencei -mabi=lp64 -x c -c /dev/null -o /dev/null 2>/dev/null && echo _zicsr_zifencei) \
    -mabi=lp64 -mcmodel=medany $(if $(LLVM),-mno-relax -gdwarf-4) $(if $(SMALL),$(SMALL_CFLAGS),-mno-save-restore) -fno-pic -fno-pie \
    -D_LIBC_LIMITS_H_
LDFLAGS := -T $(call own,linker.ld) --defsym=image_base=0x80200000 --defsym=linear_map=0 --build-id=none --gc-sections -nostdlib -static -z noexecstack
LINK_EXTRA := $(call own,linker.ld)
link = $(Q)$(LD) $(LDFLAGS) -u _start -o $(1) $(PROGRAM_OBJECT) $(2) $(ARCHIVE)
