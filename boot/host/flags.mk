# The toolchain and flags of MACHINE=host: an ordinary Linux process. Sanitizers are on unless RELEASE=1.
CC := $(if $(LLVM)$(FUZZ),clang$(filter -%,$(LLVM)),gcc)
AR := $(if $(LLVM),llvm-ar$(filter -%,$(LLVM)),ar)
# Null pointers are the kernel's own to report: the access faults, as on every machine.
SANITIZERS := $(if $(RELEASE),,-fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=undefined)
MACHINE_CFLAGS := -fno-pic -fno-pie $(SANITIZERS) $(if $(FUZZ),-fsanitize=fuzzer-no-link) $(if $(LLVM)$(FUZZ),-gdwarf-4)# what clang writes as version 5, tools cannot all read
# These files are the process's side: they see the C library, and of the kernel only what they include.
HOST_SIDE := boot/host/% kernel/machine/host/% tests/unit/run_cmocka.c tests/fuzz/run.c mkfs/process.c mkfs/outside.c
HOST_CFLAGS = $(MACHINE_CFLAGS) $(COMMON) -D_GNU_SOURCE
# The devices that a process can play, as boot/host/plugs.h has them: virtio_rng_model.c brings virtio_rng_model_plug().
# An archive, so that it comes only into an image that asks what the board has.
PLUGS := $(patsubst boot/host/%.c,%_plug,$(filter boot/host/virtio_%_model.c,$(PARTS)))
# The networks that a card can be on, in the same way: net_tap.c brings net_tap_open(). The user's own needs libslirp.
ifeq ($(wildcard /usr/include/slirp/libslirp.h /usr/local/include/slirp/libslirp.h),)
    PARTS := $(filter-out boot/host/net_user.c,$(PARTS))
endif
NET_KINDS := $(patsubst boot/host/net_%.c,%,$(filter-out %/net_link.c,$(filter boot/host/net_%.c,$(PARTS))))
LINK_EXTRA := $(SHARED).plugs.a
$(LINK_EXTRA): $(SHARED).list $(OUT)/flags boot/host/plugs.h
	@printf '%s\n' '#include "boot/host/plugs.h"' '#include "boot/host/virtio_devices.h"' \
	    'void (*const host_plugs[])(struct board *) = {$(PLUGS:%=%,) 0};' \
	    $(if $(NET_KINDS),'#include "boot/host/net_link.h"' 'const struct net_kind net_kinds[] = {' $(foreach kind,$(NET_KINDS),'{"$(kind)"$(comma) net_$(kind)_open}$(comma)') '{0}};') >$(@:.a=.c)
	$(Q)$(CC) $(HOST_CFLAGS) -c $(@:.a=.c) -o $(@:.a=.o)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(@:.a=.o)
# What the C library and the sanitizers look for in an image.
HOST_NAMES := $(if $(FUZZ),LLVMFuzzerInitialize LLVMFuzzerTestOneInput,main) __asan_default_options __asan_on_error __ubsan_default_options __ubsan_on_report
# A static image starts in half the time, where the system has the C library so; the sanitizers, cmocka and libslirp are
# there as shared libraries only.
HAS_STATIC := $(findstring /,$(shell $(CC) -print-file-name=libc.a))
HOST_KIND := $(if $(and $(RELEASE),$(HAS_STATIC),$(if $(UNIT),,1)),-static,-no-pie)
HOST_LINK = $$(nm -u $(1).o | grep -q ' slirp_new$$' && echo '-no-pie -pthread -lslirp' || echo '$(HOST_KIND)')
# The kernel's objects are joined and all their names but those made local, so that the kernel's own memcpy or snprintf
# never meets the C library's.
define link
	$(Q)$(CC) -r -nostdlib $(HOST_NAMES:%=-Wl,-u,%) -o $(1).o $(PROGRAM_OBJECT) $(2) -Wl,--start-group $(ARCHIVE) $(LINK_EXTRA) -Wl,--end-group
	$(Q)objcopy $(HOST_NAMES:%=--keep-global-symbol=%) $(1).o
	$(Q)$(CC) $(SANITIZERS) $(if $(FUZZ),-fsanitize=fuzzer) $(if $(FUZZ),,-Wl,--gc-sections) -Wl,-z,noexecstack -o $(1) $(1).o $(HOST_LINK) $(if $(UNIT),-lcmocka)
endef
