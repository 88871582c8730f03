# What the way from the first instruction to the prompt costs: the processor's own count of instructions at both places.
# gdb cannot read the counter, so the processor does: `rdinstret t0` is put in place of the next instruction for one step.
set pagination off
define print_count
    set $instruction = *(int *)$pc
    set $here = $pc
    set $before = $t0
    set {int}$pc = 0xc02022f3
    stepi
    printf "$arg0 %lu\n", $t0
    set {int}$here = $instruction
    set $pc = $here
    set $t0 = $before
end
tbreak _start
continue
print_count entry
tbreak machine_wait
continue
print_count prompt
kill
