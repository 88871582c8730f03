# SPDX-License-Identifier: MIT
"""gdb's commands for tsumiki, loaded by `make gdb`:

    threads            every thread: state, what it waits for and since when
    thread-bt ID|all   the call chain of a thread, sleeping ones too
    pages              free blocks and who is where
    heap               slabs by size
    pending            what has been marked and not yet handled

They read the kernel's own structs (thread.c, scheduler.c, buddy.c, heap.c, irq.c): one static struct for each module.
"""
import gdb

NEVER = 2**64 - 1
PAGE_SIZE = 4096


# ---- Reading the kernel's memory ---------------------------------------------------------------------------------
def value(expression):
    """The value of an expression, or None when this image has no such module."""
    try:
        return gdb.parse_and_eval(expression)
    except gdb.error:
        return None


def module(name):
    """A module's one static struct; says so when the image does not hold it."""
    found = gdb.lookup_static_symbol(name)
    if found is None:
        raise gdb.GdbError(f"this image has no `{name}`: the chapter that brings it comes later")
    return found.value()


def members(head, type_name, link):
    """The structs on a list, by the member that links them."""
    wanted = gdb.lookup_type(type_name)
    offset = next(field.bitpos // 8 for field in wanted.fields() if field.name == link)
    start, place = int(head.address), head["next"]
    while place and int(place) != start:
        yield (place.cast(gdb.lookup_type("char").pointer()) - offset).cast(wanted.pointer()).dereference()
        place = place["next"]


def text(pointer):
    try:
        return pointer.string() if int(pointer) else ""
    except (gdb.MemoryError, UnicodeDecodeError):
        return "?"


def word_at(address):
    return int(gdb.Value(address).cast(gdb.lookup_type("unsigned long").pointer()).dereference())


def warn_of_another_image(stop=None):
    """Breakpoints would be nowhere, and symbols lie, when the machine of the other terminal has booted something else.
    Where no image is yet, as before a PC's firmware has loaded it, the first stop in one is awaited."""
    try:
        differs = "MIS-MATCHED" in gdb.execute("compare-sections .text", to_string=True)
    except gdb.error:  # nobody has answered, or nothing is there
        if not stop:
            gdb.events.stop.connect(warn_of_another_image)
        return
    if stop:
        gdb.events.stop.disconnect(warn_of_another_image)
    if not differs:
        return
    print(f"tsumiki: the machine runs another image than {gdb.current_progspace().filename}. Give `make gdb` the same\n"
          "CHAPTER= and so on as `make qemu-gdb`; or somebody else's machine has this port (TSUMIKI_GDB_PORT=).")


# ---- Threads ---------------------------------------------------------------------------------------------------
def all_threads():
    head = module("threads")["all"]
    if not int(head["next"]):
        raise gdb.GdbError("there are no threads yet: thread_init() has not run")
    return members(head, "struct thread", "all")


def state_of(thread):
    name = str(thread["state"]).replace("THREAD_", "").lower()
    return "ended" if name == "dead" else name


def reason_of(thread):
    if state_of(thread) != "waiting":
        return ""
    reason = thread["waits_for"]
    words = text(reason["what"])
    if text(reason["name"]):
        words += f' "{text(reason["name"])}"'
    if int(reason["holder"]):
        holder = reason["holder"].dereference()
        # Who waits for a thread names it already.
        if int(holder) and int(holder["name"].address) != int(reason["name"]):
            words += f" held by {holder['name'].string()}"
    return f"{words} since {int(thread['waiting_since']) / 1e9:.3f} s"


class Threads(gdb.Command):
    """threads: every thread, its state, what it waits for and since when (seconds of the kernel's clock)."""

    def __init__(self):
        super().__init__("threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        current = int(module("scheduler")["current"])
        print("    id  state    name                     waits for")
        for thread in all_threads():
            mark = "*" if int(thread.address) == current else " "
            print(f"{mark} {int(thread['id']):4}  {state_of(thread):8} {thread['name'].string():24} "
                  f"{reason_of(thread)}".rstrip())


def saved_registers(thread):
    """(pc, frame pointer) of a thread that does not run, as the switch left them."""
    context = thread["context"]
    fields = [field.name for field in context.type.fields()]
    if "ra" in fields:
        return int(context["ra"]), int(context["s"][0])
    if "rip" in fields:
        return int(context["rip"]), int(context["rbp"])
    saved = gdb.lookup_type("struct host_saved_registers").pointer()
    registers = context["stack_pointer"].cast(saved).dereference()
    return int(registers["return_address"]), int(registers["rbp"])


def call_chain(pc, frame_pointer):
    """Return addresses, innermost first, by the chain of frame pointers: what the kernel's own backtrace does."""
    above = gdb.selected_inferior().architecture().name().startswith("riscv")
    while pc:
        yield pc
        if not frame_pointer:
            return
        try:
            # RISC-V keeps both below the frame pointer, x86-64 at it and above.
            pc = word_at(frame_pointer - 8 if above else frame_pointer + 8)
            outer = word_at(frame_pointer - 16 if above else frame_pointer)
        except gdb.MemoryError:
            return
        if outer and outer <= frame_pointer:
            return  # stacks grow down, so callers lie above: this is no chain
        frame_pointer = outer


def describe(pc):
    # A return address may be the next line's: the call lies before it.
    block = gdb.block_for_pc(pc - 1)
    while block and not block.function:
        block = block.superblock
    place = gdb.find_pc_line(pc - 1)
    if block:
        where = f" at {place.symtab.filename}:{place.line}" if place.symtab else ""
        return f"{block.function.print_name}{where}"
    return gdb.execute(f"info symbol {pc - 1:#x}", to_string=True).split(" in section")[0].strip()


def print_call_chain(thread):
    print(f"thread {int(thread['id'])} \"{thread['name'].string()}\", {state_of(thread)} {reason_of(thread)}".rstrip())
    if int(module("scheduler")["current"]) == int(thread.address):
        print(gdb.execute("backtrace", to_string=True), end="")
        return
    for number, pc in enumerate(call_chain(*saved_registers(thread))):
        print(f"#{number:<3}{pc:#018x} in {describe(pc)}")


class ThreadBacktrace(gdb.Command):
    """thread-bt ID|all: the call chain of a thread, by its number in `threads`, also while it sleeps."""

    def __init__(self):
        super().__init__("thread-bt", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        wanted = argument.strip()
        if wanted != "all" and not wanted.isdigit():
            raise gdb.GdbError("which thread?  thread-bt 3,  or  thread-bt all")
        found = [t for t in all_threads() if wanted == "all" or int(t["id"]) == int(wanted)]
        if not found:
            raise gdb.GdbError(f"there is no thread {wanted}: see `threads`")
        for thread in found:
            print_call_chain(thread)


# ---- Memory ----------------------------------------------------------------------------------------------------
class Pages(gdb.Command):
    """pages: how much memory is free, in which blocks."""

    def __init__(self):
        super().__init__("pages", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        page, buddy = module("page"), module("buddy")
        print(f"{int(page['free'])} of {int(page['total'])} pages are free, {int(page['recent_count'])} of them at hand")
        for i in range(int(buddy["range_count"])):
            found = buddy["ranges"][i]
            start, frontier, end = (int(found[name]) * PAGE_SIZE for name in ("start", "frontier", "end"))
            print(f"  range {start:#x} to {end:#x}: untouched from {frontier:#x} on, {(end - frontier) >> 20} MiB")
        low, high = buddy["blocks"].type.range()
        for order in range(low, high + 1):
            head = buddy["blocks"][order]
            count, place = 0, head["next"]
            while int(place) and int(place) != int(head.address):
                count, place = count + 1, place["next"]
            if count:
                print(f"  blocks of {1 << order:4} pages: {count}")


class Heap(gdb.Command):
    """heap: slabs and slots by size."""

    def __init__(self):
        super().__init__("heap", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        heap = module("heap")
        if not int(heap["large"]["next"]):
            raise gdb.GdbError("there is no heap yet: heap_init() has not run")
        print("up to bytes slabs    used of slots")
        low, high = heap["classes"].type.range()
        for i in range(low, high + 1):
            size_class = heap["classes"][i]
            slabs = [slab for name in ("partial", "full") for slab in members(size_class[name], "struct slab", "link")]
            if slabs:
                used, slots = (sum(int(slab[name]) for slab in slabs) for name in ("used", "capacity"))
                print(f"{int(slabs[0]['body_size']):9} {len(slabs):7} {used:7} {slots:8}")
        large = list(members(heap["large"], "struct slab", "link"))
        print(f"    large {len(large):7}    in {sum(int(slab['pages']) for slab in large)} pages")


# ---- Interrupts --------------------------------------------------------------------------------------------------
class Pending(gdb.Command):
    """pending: interrupts and services that have been marked and wait for the scheduler."""

    def __init__(self):
        super().__init__("pending", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        self.print_scheduler()
        self.print_timers()
        self.print_interrupts()
        for name in ("sip", "sie"):
            register = value(f"${name}")
            if register is not None and register.type.code == gdb.TYPE_CODE_INT:
                print(f"{name} = {int(register):#x}")

    @staticmethod
    def print_scheduler():
        scheduler = module("scheduler")
        print("services are due" if scheduler["pending"] else "no service is due")
        service = scheduler["services"]
        while int(service):
            print(f"  service {describe(int(service['run']) + 1)}{', due' if service['is_due'] else ''}")
            service = service["next"]

    @staticmethod
    def print_timers():
        timers = gdb.lookup_static_symbol("timers")
        if timers is None:
            return
        timers = timers.value()
        armed = int(timers["armed_ns"])
        until = "none armed" if armed == NEVER else f"the next at {armed / 1e9:.6f} s"
        print(f"timers: {int(timers['count'])} run, {until}")

    @staticmethod
    def print_interrupts():
        irqs = gdb.lookup_static_symbol("irqs")
        if irqs is None:
            return
        irqs = irqs.value()
        low, high = irqs["sources"].type.range()
        for source in range(low, high + 1):
            entry = irqs["sources"][source]
            if int(entry["handler"]):
                waits = int(entry["is_claimed"])
                print(f"source {source:3} {text(entry['name']):12} {int(entry['count'])} handled"
                      f"{', one pending' if waits else ''}")
        print(f"{int(irqs['spurious'])} from sources that nobody is connected to")


gdb.execute("set print entry-values no")  # a learner's call chain: what a parameter is, not what it was
for command in (Threads, ThreadBacktrace, Pages, Heap, Pending):
    command()
print("tsumiki's commands: threads, thread-bt ID|all, pages, heap, pending")
