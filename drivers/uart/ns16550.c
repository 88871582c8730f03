// SPDX-License-Identifier: MIT
//
// The 16550: the serial port that nearly every machine has. (National Semiconductor,
// PC16550D data sheet, section 8.)
//
// Both directions are polled: a byte costs the processor less than an interrupt would. When
// the UART says that it can take more, its FIFO is empty, so a whole FIFO's worth follows
// without asking again. The speed of the line stays as the firmware has set it.
//
// The registers are asked for anew at each use: their address changes when translation is
// turned on.
// Chapter 05.
#include "drivers/uart/ns16550.h"

#include "console.h"
#include "error.h"
#include "machine.h"

enum uart_register {
    DATA = 0,             // read: what came in; write: what goes out
    INTERRUPT_ENABLE = 1,
    FIFO_CONTROL = 2,     // write
    INTERRUPT_STATUS = 2, // read
    LINE_CONTROL = 3,
    MODEM_CONTROL = 4,
    LINE_STATUS = 5,
    REGISTERS = 8,
};

enum {
    INTERRUPT_RECEIVED = 0x01,
    FIFO_ENABLE = 0x01,
    FIFO_IS_ON = 0xc0,       // in INTERRUPT_STATUS: it is there and works
    LINE_8N1 = 0x03,         // 8 bits, no parity, 1 stop bit
    MODEM_READY = 0x0b,      // DTR, RTS, and OUT2: lets the interrupt out of the chip
    STATUS_RECEIVED = 0x01,  // a byte is there to be read
    STATUS_SENT = 0x20,      // the output FIFO is empty
    FIFO_SIZE = 16,
};

// How long a write waits for the UART before it gives its bytes up: who reads at the other
// end may be slow, but a broken UART must not stop the kernel for good.
#define SEND_TIMEOUT_NS 10000000000ull

static struct {
    struct console_device device;
    uint64_t address; // physical
    unsigned shift;
    size_t burst;     // how many bytes it takes at once
    bool stuck;       // the last wait was in vain: not worth another
} uart;

static volatile uint8_t *registers(void)
{
    return machine_map_device(uart.address, (size_t)REGISTERS << uart.shift);
}

static uint8_t get(const volatile uint8_t *base, enum uart_register which)
{
    return mmio_read8(base + (which << uart.shift));
}

static void put(volatile uint8_t *base, enum uart_register which, uint8_t value)
{
    mmio_write8(base + (which << uart.shift), value);
}

// Waits until the output FIFO is empty. False when that takes too long.
static bool wait_until_sent(const volatile uint8_t *base)
{
    if (get(base, LINE_STATUS) & STATUS_SENT) {
        uart.stuck = false;
        return true;
    }
    uint64_t deadline = machine_clock_ns() + SEND_TIMEOUT_NS;
    while (!uart.stuck) {
        if (get(base, LINE_STATUS) & STATUS_SENT)
            return true;
        uart.stuck = machine_clock_ns() > deadline;
    }
    return false;
}

static void write_bytes(struct console_device *device, const char *bytes, size_t count)
{
    volatile uint8_t *base = registers();
    const char *end = bytes + count;

    while (bytes != end && wait_until_sent(base)) {
        size_t rest = (size_t)(end - bytes);
        const char *stop = bytes + (rest < uart.burst ? rest : uart.burst);
        while (bytes != stop)
            mmio_write8(base, (uint8_t)*bytes++); // DATA
    }
}

static size_t read_bytes(struct console_device *device, char *bytes, size_t size)
{
    volatile uint8_t *base = registers();
    size_t count = 0;

    while (count < size && get(base, LINE_STATUS) & STATUS_RECEIVED)
        bytes[count++] = (char)get(base, DATA);
    return count;
}

static void listen(struct console_device *device, bool on)
{
    put(registers(), INTERRUPT_ENABLE, on ? INTERRUPT_RECEIVED : 0);
}

int ns16550_start(uint64_t address, unsigned register_shift)
{
    uart.address = address;
    uart.shift = register_shift;
    volatile uint8_t *base = registers();
    if (!base)
        return -EINVAL;

    put(base, INTERRUPT_ENABLE, 0);
    put(base, LINE_CONTROL, LINE_8N1);
    put(base, FIFO_CONTROL, FIFO_ENABLE);
    put(base, MODEM_CONTROL, MODEM_READY);
    bool has_fifo = (get(base, INTERRUPT_STATUS) & FIFO_IS_ON) == FIFO_IS_ON;
    uart.burst = has_fifo ? FIFO_SIZE : 1;

    uart.device = (struct console_device){
        .name = "ns16550", .write = write_bytes, .read = read_bytes, .listen = listen};
    console_set_device(&uart.device);
    return 0;
}

void ns16550_interrupt(void *context)
{
    console_notify();
}
