# tsumiki: `make help` lists what there is to make.
#
# One level, no recursion: the chapters' `files` lists say what the kernel consists of, each source becomes an object
# under build/<machine>/, all objects go into one archive, and an image is one program plus what it reaches of it.

# ---- What to build: all of these can be given on the command line
MACHINE ?= riscv64# riscv64: QEMU virt; x86_64: QEMU microvm or q35; host: a Linux process
BOARD   ?=#          q35: of MACHINE=x86_64, the one with PCI; without: microvm
BOOT    ?=#          bios, uefi: MACHINE=x86_64 starts from a disk with GRUB, on q35; without: QEMU loads the image itself
CHAPTER ?=#          07: that chapter's main.c with the files of chapters 01 to 07
APP     ?=#          a .c file with a kernel_main() of its own: the whole image
UNIT    ?=#          a name: tests/unit/test_NAME.c with its runner is the image; of several, unit=NAME says at boot which one runs
TOOL    ?=#          a name: mkfs/NAME.c, a program for this host made of the kernel's files (MACHINE=host)
FUZZ    ?=#          a name: tests/fuzz/fuzz_NAME.c, the same, fed by libFuzzer
WORK    ?=#          a folder: a file found there is used in place of the tree's
RELEASE ?=#          1: optimised, for figures; small: for size, reports name functions but no lines; otherwise made for stepping
LLVM    ?=#          1: clang and lld; -16: those of that version
RUN     ?=#          commands for the shell: it runs them and powers off
APPEND  ?=#          more words for the kernel's command line
DISK    ?=#          images to use as disks, with commas between them; without: build/disk.img, or what a chapter's `expect` says
NET     ?=#          user: a network that needs no rights; tap:NAME, dgram:LOCAL:REMOTE, none; without: user, or what `expect` says
FORWARD ?=#          ports of this host that lead to the machine's, with commas between; without: 8080:80
PCAP    ?=#          a file that gets all frames, for tcpdump -r or Wireshark
MEMORY  ?= 128M
SMP     ?= 1
BUS     ?=#          where QEMU's devices are plugged in: mmio or pci; without: mmio, or what a chapter's `expect` says
BUILD   ?= build
CCACHE  := $(if $(shell command -v ccache),CCACHE_DEPEND=1 ccache)# what has been compiled before, in whatever folder, is not compiled again
V       ?=#          1: show the commands

.DEFAULT_GOAL := image
ifneq ($(TOOL)$(FUZZ),)
    override MACHINE := host
endif
# What a failed command has left must not pass for the real thing the next time.
.DELETE_ON_ERROR:
# ---- What this needs, before anything asks for it: what is missing is installed (tools/setup). Not under `make -n`.
GOALS := $(filter-out help doctor setup clean,$(or $(MAKECMDGOALS),image))
PURPOSE := $(or $(if $(filter test soak bench fuzz,$(GOALS))$(FUZZ),test),$(if $(filter race,$(GOALS)),race),$(if $(filter gdb qemu-gdb,$(GOALS)),gdb),\
    $(if $(filter check,$(GOALS)),check),$(if $(filter bootdisk,$(GOALS))$(BOOT),boot),$(if $(filter qemu run,$(GOALS)),qemu),$(if $(TOOL),tools),build)
ifneq ($(and $(GOALS),$(if $(findstring n,$(filter-out -%,$(firstword $(MAKEFLAGS)))),,yes)),)
    PYTHON := $(shell MACHINE=$(MACHINE) LLVM=$(LLVM) CROSS=$(CROSS) tools/setup $(PURPOSE))
    $(if $(PYTHON),,$(error something is missing, see above; `make doctor` judges every tool))
endif
PYTHON := $(or $(PYTHON),python3)
MAKEFLAGS += --no-builtin-rules
Q := $(if $(V),,@)

# ---- Names
ifneq ($(APP),)
    IMAGE_NAME := app-$(basename $(notdir $(APP)))
else ifneq ($(UNIT),)
    IMAGE_NAME := $(if $(word 2,$(UNIT)),units,unit-$(UNIT))
else ifneq ($(TOOL),)
    IMAGE_NAME := $(TOOL)
else ifneq ($(FUZZ),)
    IMAGE_NAME := fuzz-$(FUZZ)
else ifneq ($(filter-out 00,$(CHAPTER)),)
    IMAGE_NAME := chapter-$(CHAPTER)
else
    IMAGE_NAME := tsumiki
endif
KIND := $(if $(RELEASE),$(or $(filter small,$(RELEASE)),release))
# Where objects lie, and those of the learner's folder.
PLAIN := $(BUILD)/$(MACHINE)$(if $(LLVM),-llvm)$(if $(FUZZ),-fuzz)$(KIND:%=-%)
OUT := $(PLAIN)$(if $(WORK),+$(notdir $(abspath $(WORK))))
IMAGE := $(OUT)/$(IMAGE_NAME)

# ---- The parts list: what the chapters up to this one add to the kernel, for this machine
LAST := $(filter-out 00,$(CHAPTER))
CHAPTERS := $(sort $(wildcard docs/chapters/[0-9]*))
UPTO := $(shell printf '%s\n' $(CHAPTERS) | awk -v last=$(or $(LAST),99) '{ split($$0, a, /[\/-]/); if (a[3] <= last) print }')
# The learner's folder. Its files stand in for the tree's, and only they are compiled again: beside all others' objects.
# A header of the learner's (or linker.ld) goes into everything, wherever it is included from. An #include looks beside the
# including file first, so then all is compiled, from a copy of the tree made of links. What was built is thrown away when a
# file comes or goes: what a file that is gone was built into, make keeps no note of.
FOLDERS := apps boot docs drivers kernel mkfs tests user
ifneq ($(and $(WORK),$(GOALS)),)
    WORK_FILES := $(shell cd $(WORK) && find $(FOLDERS) linker.ld \( -name '*.[chS]' -o -name '*.ld' -o -name files \) 2>/dev/null | sort)
    SOURCES := $(if $(filter %.h %.ld,$(WORK_FILES)),$(OUT)/tree/)
    PLAIN := $(if $(SOURCES),$(OUT),$(PLAIN))
    OVERLAY := $(abspath $(WORK)): $(WORK_FILES) $(if $(SOURCES),$(shell find $(FOLDERS) -type f | sort | cksum))
    ifneq ($(OVERLAY),$(shell cat $(OUT)/overlay 2>/dev/null))
        $(shell rm -rf $(OUT); mkdir -p $(OUT) $(SOURCES); echo '$(OVERLAY)' >$(OUT)/overlay)
        $(if $(SOURCES),$(shell cp -rs $(FOLDERS:%=$(CURDIR)/%) $(CURDIR)/linker.ld $(SOURCES); \
            for f in $(WORK_FILES); do mkdir -p $$(dirname $(SOURCES)$$f); ln -sf $(abspath $(WORK))/$$f $(SOURCES)$$f; done))
    endif
endif
# Where a file of the tree is read from: the learner's own under its own name, which compilers then show.
own = $(or $(and $(WORK),$(wildcard $(WORK)/$(1))),$(wildcard $(SOURCES)$(1)),$(wildcard $(1)))
# Tools have no programs in them, and no shell.
TOOL_OMITS := $(if $(TOOL),user/% kernel/program.c)
LISTS := $(foreach chapter,$(UPTO),$(call own,$(chapter)/files))
PARTS := $(foreach f,$(filter-out $(TOOL_OMITS),$(shell sed 's/\#.*//; s/<machine>/$(MACHINE)/' /dev/null $(LISTS))),$(if $(call own,$(f)),$(f)))
# Tools, and what they share: the folder's other files.
TOOLS := mkfs.tsfs fsck.tsfs tsfs
TOOL_PROGRAMS := mkfs/mkfs.c mkfs/fsck.c mkfs/tsfs.c tests/crash/crash.c
TOOL_PARTS := $(if $(TOOL)$(FUZZ),$(filter-out $(TOOL_PROGRAMS) mkfs/process.c tests/fuzz/run.c tests/fuzz/fuzz_%,$(wildcard mkfs/*.c tests/crash/*.c tests/fuzz/*.c)))
# Images of the same parts share one archive, one table of programs, one judgement of the layers.
SHARED := $(OUT)/$(if $(TOOL),tools,parts)$(LAST)
PROGRAM := $(or $(APP),$(patsubst %,tests/unit/test_%.c,$(UNIT)),$(if $(TOOL),$(filter %/$(basename $(TOOL)).c,$(TOOL_PROGRAMS))),$(FUZZ:%=tests/fuzz/fuzz_%.c),\
    $(if $(LAST),$(firstword $(wildcard docs/chapters/$(LAST)-*))/main.c,kernel/main.c))

# ---- Toolchain and flags; boot/<machine>/flags.mk adds the machine's own. No object knows which folder the tree lies in.
WARNINGS := -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
    -Wpointer-arith -Wcast-align -Wwrite-strings -Wvla -Wimplicit-fallthrough -Wno-unused-parameter $(if $(CI),-Werror) \
    $(if $(LLVM),-Wno-format-invalid-specifier -Wno-format-extra-args)# clang before 17 does not know %b
INCLUDES := $(or $(SOURCES),.) $(SOURCES)kernel $(SOURCES)kernel/machine/$(MACHINE)
# What gcc optimises keeps no frame pointers where call chains can do without: the table of symbols leads through the stack.
FRAMELESS := $(if $(LLVM),,$(if $(wildcard kernel/machine/$(MACHINE)/frame_table.c),$(KIND)))
SYMBOLS_OPTIONS := $(FRAMELESS:%=--frames)
PARTS := $(filter-out $(if $(FRAMELESS),%/frame.c,%/frame_table.c),$(PARTS))
COMMON := -std=gnu11 -g -fno-common -fno-strict-aliasing $(if $(FRAMELESS),-fomit-frame-pointer,-fno-omit-frame-pointer) -fno-optimize-sibling-calls \
    -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables \
    -ffunction-sections -fdata-sections $(or $(if $(filter small,$(KIND)),-Os),$(if $(KIND),-O2),-Og) $(WARNINGS) \
    $(addprefix -iquote ,$(INCLUDES)) -fdebug-prefix-map=$(CURDIR)=. -ffile-prefix-map=$(CURDIR)/=
# What stands in for a file of the tree has the same neighbours and, in reports, the same name.
WORK_CFLAGS = $(if $(filter $(OUT)/%,$(WORK:%=$@)),-iquote $(SOURCES)$(dir $(1)) $(SOURCES:%=-ffile-prefix-map=%=) -ffile-prefix-map=$(WORK)/=)
include boot/$(MACHINE)/flags.mk
KERNEL_CFLAGS := $(MACHINE_CFLAGS) $(COMMON) -ffreestanding
USER_CFLAGS := $(filter-out -Wmissing-prototypes -iquote $(INCLUDES),$(KERNEL_CFLAGS)) -iquote $(SOURCES)user

# ---- Objects
# The suffix stays in the name: trap.S and trap.c are two objects.
object = $(call folder,$(1))/$(patsubst /%,%,$(1)).o
folder = $(if $(filter $(1),$(WORK_FILES)),$(OUT),$(PLAIN))
OBJECTS := $(foreach f,$(PARTS) $(TOOL_PARTS),$(call object,$(f)))
# For figures, gcc optimises the kernel's files together (link-time optimisation): a function becomes part of its callers in
# other files. Their objects are ordinary ones that also hold what gcc knew, and from that one object is made in their place.
# Unit tests get them as they are: what stands in for the neighbours of what is tested takes their place.
JOINED := $(if $(filter release,$(FRAMELESS)),$(filter-out user/% %.S,$(PARTS)))
JOINED_OBJECTS := $(if $(UNIT),,$(foreach f,$(JOINED),$(call object,$(f))))
JOIN_CFLAGS := -flto=auto -ffat-lto-objects
# What stands beside the program: what runs a test, the process's side of a tool.
RUNNER := $(if $(UNIT),tests/unit/run_$(if $(filter host,$(MACHINE)),cmocka,kernel).c tests/unit/choose.c) $(if $(FUZZ),tests/fuzz/run.c) $(if $(TOOL),mkfs/process.c)
PROGRAM_OBJECT := $(foreach f,$(PROGRAM) $(RUNNER),$(call object,$(f))) $(if $(UNIT),$(IMAGE).units.o)
ARCHIVE := $(SHARED)$(if $(JOINED_OBJECTS),.joined).a
# The shell's programs: user/NAME.c with a NAME_main(), as the lists have them.
PROGRAM_TABLE := $(if $(filter kernel/program.c,$(PARTS)),$(SHARED).programs.o)

comma := ,
.PHONY: image all print-image
image: $(IMAGE) $(if $(WORK)$(TOOL)$(FUZZ),,compile_commands.json) ##  build the image: the whole system, or CHAPTER=NN, or APP=file.c
all: image
print-image: $(IMAGE) ##      build the image and say where it is: for scripts
	@echo $(IMAGE)

$(addsuffix /flags,$(sort $(OUT) $(PLAIN))): FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(KERNEL_CFLAGS) $(HOST_CFLAGS) $(LDFLAGS) $(JOIN_CFLAGS)' | cmp -s - $@ || echo '$(CC) $(KERNEL_CFLAGS) $(HOST_CFLAGS) $(LDFLAGS) $(JOIN_CFLAGS)' >$@
$(SHARED).list: FORCE
	@mkdir -p $(@D)
	@echo '$(PARTS) $(TOOL_PARTS)' | cmp -s - $@ || echo '$(PARTS) $(TOOL_PARTS)' >$@

# Which flags a source is built with: programs see os.h and nothing else; on host, the process's side sees the C library.
# What all unit tests define gets each one's name, so that there may be several in an image.
flags_for = $(if $(filter $(HOST_SIDE),$(1)),$(HOST_CFLAGS),$(if $(filter user/%,$(1)),$(USER_CFLAGS),$(KERNEL_CFLAGS))) $(if $(filter $(JOINED),$(1)),$(JOIN_CFLAGS)) \
    $(foreach name,$(patsubst tests/unit/test_%.c,%,$(filter tests/unit/test_%.c,$(1))),-Dunit_setup=unit_setup_$(name) -Dunit_tests=unit_tests_$(name))

define compile
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CCACHE) $(CC) $(call flags_for,$(1)) $(WORK_CFLAGS) -MMD -MP -c $< -o $@
endef
define rule
$(call object,$(1)): $(call own,$(1)) $(call folder,$(1))/flags
	$$(call compile,$(1))
endef
$(foreach f,$(sort $(PARTS) $(TOOL_PARTS) $(PROGRAM) $(RUNNER)),$(eval $(call rule,$(f))))

PROGRAMS := $(foreach f,$(filter user/%,$(PARTS)),$(call own,$(f)))
$(SHARED).programs.c: tools/programs $(PROGRAMS) $(SHARED).list
	@tools/programs $(PROGRAMS) >$@
$(SHARED).programs.o: $(SHARED).programs.c $(OUT)/flags
	$(Q)$(CC) $(KERNEL_CFLAGS) -c $< -o $@

$(IMAGE).units.c: $(PROGRAM)
	@mkdir -p $(@D)
	@printf '%s\n' '#include "tests/unit/run.h"' $(patsubst %,'UNIT_DECLARE(%)',$(UNIT)) 'const struct unit units[] = {' $(patsubst %,'UNIT_ENTRY(%)',$(UNIT)) '{0}};' >$@
$(IMAGE).units.o: $(IMAGE).units.c tests/unit/run.h $(OUT)/flags
	$(Q)$(CC) $(KERNEL_CFLAGS) -c $< -o $@

# A call to something that a later chapter brings is an error here, whether or not this image reaches it.
LAYERS := $(SHARED).layers
$(LAYERS): $(OBJECTS) $(LISTS) $(SHARED).list linker.ld tools/layers
	$(Q)$(PYTHON) tools/layers --machine $(MACHINE) --out $(PLAIN) --parts $(SHARED).list $(if $(WORK),--work $(WORK) $(OUT)) $(UPTO)
	@touch $@
$(ARCHIVE): $(OBJECTS) $(PROGRAM_TABLE) $(SHARED).list | $(LAYERS)
	$(if $(JOINED_OBJECTS),$(Q)$(CC) $(KERNEL_CFLAGS) $(JOIN_CFLAGS) -r -flinker-output=nolto-rel -nostdlib -o $(SHARED).o $(JOINED_OBJECTS))
	$(Q)rm -f $@ && $(AR) rcsDT $@ $(if $(JOINED_OBJECTS),$(SHARED).o) $(filter-out $(JOINED_OBJECTS),$(OBJECTS)) $(PROGRAM_TABLE)

# First without the table of symbols, then with the one made from the first: it lies behind all that it names.
$(IMAGE): $(PROGRAM_OBJECT) $(ARCHIVE) $(LINK_EXTRA) tools/symbols
	@echo "  LINK    $@"
	$(call link,$@.first,)
	$(Q)$(PYTHON) tools/symbols $(KIND:%=--%) $(SYMBOLS_OPTIONS) $@.first $@.symbols.S
	$(Q)$(CC) $(MACHINE_CFLAGS) -c $@.symbols.S -o $@.symbols.o
	$(call link,$@,$@.symbols.o)
	$(Q)$(PYTHON) tools/symbols --verify $@.first $@

compile_commands.json: $(SHARED).list $(OUT)/flags $(PROGRAM_OBJECT)
	$(file >$@,[)
	$(foreach f,$(PROGRAM) $(PARTS),$(file >>$@,$(if $(filter $(f),$(firstword $(PROGRAM))),,$(comma)){"directory":"$(CURDIR)","file":"$(call own,$(f))","command":"$(subst ",\",$(CC) $(call flags_for,$(f)) -c $(call own,$(f)))"}))
	$(file >>$@,])

-include $(OBJECTS:.o=.d) $(PROGRAM_OBJECT:.o=.d)

# ---- Running
# RUN goes into quotes, so its own quotes and backslashes are marked. A $ in it is the shell's ($?), not make's.
COMMAND_LINE = $(value APPEND)$(if $(and $(value APPEND),$(value RUN)), )$(if $(value RUN),run="$(subst ",\",$(subst \,\\,$(value RUN)))")
DISK_IMAGES := $(or $(subst $(comma), ,$(DISK)),$(if $(filter tsumiki,$(IMAGE_NAME)),$(BUILD)/disk.img))
DISKS := $(DISK_IMAGES:%=--disk %) $(addprefix --expect ,$(if $(LAST),$(wildcard docs/chapters/$(LAST)-*/expect)))
NETWORK := $(or $(NET),$(if $(filter tsumiki app-%,$(IMAGE_NAME)),user))
PORTS := $(or $(FORWARD),$(if $(filter user,$(NETWORK)),8080:80))
NETWORKS := $(if $(NETWORK),--net '$(NETWORK)') $(PORTS:%=--forward %) $(PCAP:%=--pcap %)
MACHINE_ARGUMENTS = --machine $(MACHINE) $(addprefix --bus ,$(or $(BUS),$(if $(filter q35,$(BOARD)),pci))) $(BOOT:%=--boot %) --memory $(MEMORY) --append '$(subst ','\'',$(COMMAND_LINE))' $(DISKS) $(NETWORKS)
QEMU_ARGUMENTS = $(MACHINE_ARGUMENTS) --smp $(SMP)

.PHONY: qemu run qemu-gdb gdb check bootdisk
qemu: $(IMAGE) $(DISK_IMAGES) ##             boot the image in QEMU (RUN='ps; free' runs commands and powers off; MEMORY=, SMP=, BUS=pci, APPEND=, NET=, PCAP=)
	$(Q)$(PYTHON) tools/qemu $(QEMU_ARGUMENTS) $(IMAGE)
bootdisk: $(IMAGE) ##         MACHINE=x86_64: a disk that a PC starts from, by BIOS or UEFI: the image with .iso behind its name
	$(Q)$(PYTHON) tools/bootdisk --append '$(subst ','\'',$(COMMAND_LINE))' $(IMAGE)
run: qemu ##              the same for MACHINE=host: run the kernel as a Linux process
qemu-gdb: $(IMAGE) $(DISK_IMAGES) ##         boot and wait for a debugger before the first instruction
	$(Q)$(PYTHON) tools/qemu --gdb $(QEMU_ARGUMENTS) $(IMAGE)
gdb: $(IMAGE) ##              attach gdb to `make qemu-gdb` of another terminal (host: run the process under gdb)
	$(Q)$(PYTHON) tools/gdb/run $(MACHINE_ARGUMENTS) $(IMAGE)
check: ##            CHAPTER=NN check: does the chapter's program show what its text says?
	$(Q)$(PYTHON) tools/check --machine $(MACHINE) $(if $(WORK),--work $(WORK)) $(CHAPTER)

# ---- Testing and measuring
# What all tests need is built before they start, with nobody in the way.
.PHONY: test bench race soak
test: TESTS := $(BUILD)/test
test: ##             everything: style, unit tests, fuzzers (a short run), all machines, every chapter
	$(Q)for machine in riscv64 x86_64 host; do $(MAKE) -s -j2 MACHINE=$$machine BUILD=$(TESTS) CI=1 image || exit 1; done
	$(Q)$(MAKE) -s -j2 BUILD=$(TESTS) CI=1 disk
	$(Q)TSUMIKI_TEST_BUILD=$(TESTS) $(PYTHON) -m pytest -n 4 --dist loadgroup tests
bench: ##            the figures of speed and size, in guest instructions
	$(Q)$(PYTHON) tests/bench/run.py
race: ##             against Debian's Linux, in turns (MACHINE= one of them, ROUNDS=5, ROWS=words; --help of tests/race/race.py)
	$(Q)BUILD=$(BUILD) $(PYTHON) tests/race/race.py $(if $(filter command line,$(origin MACHINE)),--machine $(MACHINE)) $(ROUNDS:%=--rounds %) $(if $(ROWS),--only '$(ROWS)')
soak: ##             hours of random commands, traffic, disks (MINUTES=60 each, SEED=n repeats a run, PART='traffic and host': only that)
	$(Q)$(PYTHON) -m pytest -s tests/soak --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED)) $(if $(PART),-k '$(PART)')

# ---- Programs for this host, made of the kernel's own files: they read and write disk images as the kernel does
.PHONY: tools disk
# One after the other: they are made of the same objects.
tools: ##           build/mkfs.tsfs, build/fsck.tsfs and build/tsfs: make, check and open disk images
	$(Q)for tool in $(TOOLS); do \
	    $(MAKE) --no-print-directory TOOL=$$tool RELEASE=1 UNIT= APP= CHAPTER= WORK= image && \
	    { cmp -s $(BUILD)/host-release/$$tool $(BUILD)/$$tool || cp $(BUILD)/host-release/$$tool $(BUILD)/$$tool; } || exit 1; done
disk: DISK := $(or $(DISK),$(BUILD)/disk.img)
disk: tools ##            make build/disk.img, the system's disk, anew, with what is in disk/ (DISK=another, DISK_SIZE=64M)
	$(Q)$(BUILD)/mkfs.tsfs $(DISK) $(or $(DISK_SIZE),64M) disk
	$(Q)mkdir -p $(BUILD)/mounts/dev $(BUILD)/mounts/proc $(BUILD)/mounts/tmp && $(BUILD)/tsfs $(DISK) put $(BUILD)/mounts/dev $(BUILD)/mounts/proc $(BUILD)/mounts/tmp /
$(BUILD)/disk.img:
	$(Q)$(MAKE) --no-print-directory disk

# ---- Fuzzing: libFuzzer invents disks, devices, device trees; the kernel's files must bear them
FUZZ_SECONDS ?= 20
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
.PHONY: fuzz $(FUZZ_NAMES:%=fuzz-%)
fuzz: $(or $(FUZZ:%=fuzz-%),$(FUZZ_NAMES:%=fuzz-%)) ##            feed the kernel's readers with damaged bytes (FUZZ=name, FUZZ_SECONDS=20 for each)
$(FUZZ_NAMES:%=fuzz-%): fuzz-%:
	$(Q)$(MAKE) --no-print-directory FUZZ=$* image
	@mkdir -p $(BUILD)/fuzz/$*
	$(BUILD)/host-fuzz/fuzz-$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -artifact_prefix=$(BUILD)/fuzz/$*- \
	    -print_final_stats=1 $(BUILD)/fuzz/$* $(wildcard tests/fuzz/corpus/$*)

# ---- Around it
.PHONY: doctor setup clean help FORCE
doctor: ##           judge every tool: found, least version, tested version, what it is for
	@command -v python3 >/dev/null || { tools/setup --check all; exit 1; }
	$(Q)python3 tools/doctor
setup: ##            install what is missing (Debian, Ubuntu), or print the command for this system
	$(Q)tools/setup all >/dev/null && echo 'Everything is here.'
clean: ##            remove everything that was built
	$(Q)rm -rf $(BUILD) compile_commands.json
help: ##             this list
	@echo "make [MACHINE=riscv64|x86_64|host] [CHAPTER=NN | APP=file.c] [RELEASE=1] [LLVM=1] [WORK=folder] [V=1] TARGET"
	@sed -n 's/^\([a-z-]*\):.*## */  \1\t/p' Makefile | expand -t 14
FORCE:
