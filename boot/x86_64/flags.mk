# The toolchain and flags of MACHINE=x86_64: QEMU microvm and q35, entered as PVH says, at 1 MiB of memory.
ifneq ($(LLVM),)
    LLVM_VERSION := $(filter -%,$(LLVM))
    CC := clang$(LLVM_VERSION) --target=x86_64-unknown-elf
    LD := ld.lld$(LLVM_VERSION)
    AR := llvm-ar$(LLVM_VERSION)
else
    # The host's own, where it is such a machine.
    CROSS ?= $(if $(filter x86_64,$(shell uname -m)),,$(firstword $(foreach p,x86_64-linux-gnu- x86_64-elf- x86_64-unknown-elf-,$(if $(shell command -v $(p)gcc),$(p)))))
    CC := $(CROSS)gcc
    LD := $(CROSS)ld
    AR := $(CROSS)ar
endif
# The image lies in the linear map, far from address 0: all that it names, it finds by its distance (-fpie). No
# instruction may use registers that a switch of threads does not save, nor memory below the stack pointer, where an
# interrupt would write. Without frame pointers, the stack pointer is at the same place at every call in a function. Older
# debuggers cannot read all of clang's DWARF 5, and lld 14 cannot shorten what clang lets it shorten. gcc's limits.h goes on
# to a C library's, unless told that it has come.
MACHINE_CFLAGS := -m64 -march=x86-64 -fpie -mgeneral-regs-only -mno-red-zone -fcf-protection=none -include boot/x86_64/hidden.h \
    $(if $(FRAMELESS),-maccumulate-outgoing-args) $(if $(LLVM),-gdwarf-4 -Xassembler -mrelax-relocations=no) -D_LIBC_LIMITS_H_
LDFLAGS := -m elf_x86_64 -T $(call own,linker.ld) --defsym=image_base=0xffff800000100000 --defsym=linear_map=0xffff800000000000 \
    --build-id=none --gc-sections -nostdlib -static -z noexecstack -z max-page-size=4096
LINK_EXTRA := $(call own,linker.ld)
link = $(Q)$(LD) $(LDFLAGS) -u _start -o $(1) $(PROGRAM_OBJECT) $(2) $(ARCHIVE)
