// SPDX-License-Identifier: MIT
//
// edit: changes a text on the screen: Ctrl-S saves, Ctrl-Q leaves, Ctrl-F finds
#include "edit.h"

#include "options.h"
#include "path.h"

#define CONTROL(letter) ((letter)&0x1F)
enum { KEY_ESCAPE = 27, KEY_DELETE = 127, PARAMETER_LIMIT = 9999 };

// Keys that come as sequences of bytes (ECMA-48, 5.4), while they are not complete.
struct keys {
    enum { PLAIN, ESCAPE, SEQUENCE } state;
    unsigned parameters[2], parameter;
    char character[UTF8_BYTES_MAX];
    unsigned length, needed;
};

static void say(struct edit *edit, const char *what, int error)
{
    if (error)
        snprintf(edit->message, EDIT_MESSAGE, "%s: %s", what, error_text(error));
    else
        strlcpy(edit->message, what, EDIT_MESSAGE);
}

// ---- Moving -----------------------------------------------------------------------------
static void remember_column(struct edit *edit)
{
    edit->wanted = edit_column_of(&edit->lines[edit->row], edit->column);
}

// Up and down, in the column where it began.
static void move_rows(struct edit *edit, long rows)
{
    long row = (long)edit->row + rows;
    if (row < 0)
        row = 0;
    if (row >= (long)edit->count)
        row = (long)edit->count - 1;
    edit->row = (size_t)row;
    edit->column = edit_byte_at(&edit->lines[edit->row], edit->wanted);
}

// By the letter or the number of its sequence. True: the column is a new one.
static bool move(struct edit *edit, char key)
{
    long page = (long)edit->rows - 2;
    switch (key) {
    case 'A':
        move_rows(edit, -1);
        return false;
    case 'B':
        move_rows(edit, 1);
        return false;
    case 5:
        move_rows(edit, -page);
        return false;
    case 6:
        move_rows(edit, page);
        return false;
    case 'C':
        edit_move(edit, 1);
        break;
    case 'D':
        edit_move(edit, -1);
        break;
    case 'H':
    case 1:
    case 7:
        edit->column = 0;
        break;
    case 'F':
    case 4:
    case 8:
        edit->column = edit->lines[edit->row].length;
        break;
    case 3:
        edit_delete(edit);
        break;
    default:
        break;
    }
    return true;
}

// ---- Commands ---------------------------------------------------------------------------
static void save(struct edit *edit)
{
    int error = edit_save(edit);
    say(edit, error ? "NOT saved" : "saved", error);
}

static void leave(struct edit *edit)
{
    edit->leave = !edit->changed || edit->warned;
    edit->warned = true;
    say(edit, "not saved: Ctrl-S saves, Ctrl-Q again leaves without", 0);
}

static void start_finding(struct edit *edit)
{
    edit->finding = true;
    edit->word_length = 0;
}

// Keys while the word is typed. Enter without one looks for the last word again.
static void find_key(struct edit *edit, char key)
{
    if (key == '\r' || key == '\n') {
        edit->finding = false;
        if (edit->word_length == 0)
            edit->word_length = strlen(edit->word);
        edit->word[edit->word_length] = 0;
        if (edit->word_length == 0 || !edit_find(edit))
            say(edit, "not found", 0);
    } else if (key == KEY_DELETE || key == CONTROL('H')) {
        edit->word_length -= edit->word_length > 0;
    } else if (key == CONTROL('C') || key == CONTROL('F')) {
        edit->finding = false;
    } else if ((unsigned char)key >= ' ' && edit->word_length + 1 < EDIT_WORD) {
        edit->word[edit->word_length++] = key;
    }
}

static void erase(struct edit *edit)
{
    if (edit->row == 0 && edit->column == 0)
        return;
    edit_move(edit, -1);
    edit_delete(edit);
}

static int press_control(struct edit *edit, char key)
{
    switch (key) {
    case '\r':
    case '\n':
        return edit_break_line(edit);
    case '\t':
        return edit_insert(edit, "\t", 1);
    case KEY_DELETE:
    case CONTROL('H'):
        erase(edit);
        break;
    case CONTROL('A'):
        edit->column = 0;
        break;
    case CONTROL('E'):
        edit->column = edit->lines[edit->row].length;
        break;
    case CONTROL('D'):
        edit_delete(edit);
        break;
    case CONTROL('F'):
        start_finding(edit);
        break;
    case CONTROL('K'):
        return edit_cut_line(edit);
    case CONTROL('U'):
        return edit_paste_line(edit);
    case CONTROL('L'):
        return edit_screen_start(edit, edit->columns, edit->rows);
    case CONTROL('S'):
        save(edit);
        break;
    case CONTROL('Q'):
        leave(edit);
        break;
    default:
        say(edit, "Ctrl-S saves, Ctrl-Q leaves, Ctrl-F finds, Ctrl-K cuts, Ctrl-U pastes", 0);
    }
    return 0;
}

// ---- Bytes to keys ----------------------------------------------------------------------
// A character is inserted when it is complete; bytes that are none are dropped.
static int take_character(struct edit *edit, struct keys *keys, char byte)
{
    if (keys->length == 0 || !utf8_is_continuation(byte)) {
        keys->length = 0;
        keys->needed = utf8_length((unsigned char)byte);
    }
    if (keys->needed == 0)
        return 0;
    keys->character[keys->length++] = byte;
    if (keys->length < keys->needed)
        return 0;
    unsigned length = keys->length;
    keys->length = 0;
    if (utf8_decode(keys->character, length) < 0)
        return 0;
    int error = edit_insert(edit, keys->character, length);
    remember_column(edit);
    return error;
}

// Behind ESC [ or ESC O. The answer to our question where the last column and row are ends
// with R.
static int take_sequence(struct edit *edit, struct keys *keys, char byte)
{
    unsigned *parameter = &keys->parameters[keys->parameter];
    if (byte >= '0' && byte <= '9') {
        *parameter =
            *parameter < PARAMETER_LIMIT ? *parameter * 10 + (unsigned)(byte - '0') : 0;
        return 0;
    }
    if (byte == ';') {
        keys->parameter = 1;
        return 0;
    }
    keys->state = PLAIN;
    if (byte == 'R')
        return edit_screen_start(edit, keys->parameters[1], keys->parameters[0]);
    if (move(edit, byte == '~' ? (char)keys->parameters[0] : byte))
        remember_column(edit);
    return 0;
}

static int press(struct edit *edit, struct keys *keys, char byte)
{
    if (keys->state == SEQUENCE)
        return take_sequence(edit, keys, byte);
    if (keys->state == ESCAPE) {
        bool begins = byte == '[' || byte == 'O';
        *keys = (struct keys){.state = begins ? SEQUENCE : PLAIN};
        return 0;
    }
    edit->message[0] = 0;
    edit->warned = edit->warned && byte == CONTROL('Q');
    if (byte == KEY_ESCAPE) {
        keys->state = ESCAPE;
        edit->finding = false;
        return 0;
    }
    if (edit->finding) {
        find_key(edit, byte);
        remember_column(edit);
        return 0;
    }
    if ((unsigned char)byte >= ' ' && byte != KEY_DELETE)
        return take_character(edit, keys, byte);
    int error = press_control(edit, byte);
    remember_column(edit);
    return error;
}

// The screen follows once for all keys that have come: a paste is quick.
static int run(struct edit *edit)
{
    struct keys keys = {.state = PLAIN};
    char bytes[256];
    while (!edit->leave) {
        edit_screen_show(edit);
        int count = os_read(OS_INPUT, bytes, sizeof(bytes));
        if (count <= 0)
            return count;
        for (int i = 0; i < count && !edit->leave; i++) {
            int error = press(edit, &keys, bytes[i]);
            if (error && !edit->shown)
                return error;
            if (error)
                say(edit, "not done", error);
        }
    }
    return 0;
}

int edit_main(int argc, char **argv)
{
    struct options options = options_start(argc, argv, "");
    struct edit edit = {0};
    unsigned columns, rows;
    if (options_next(&options) || options.count != 1)
        return os_usage("edit FILE");
    if (!os_is_console(OS_INPUT) || !os_is_console(OS_OUTPUT)) {
        os_fprintf(OS_ERROR, "edit: works at the console only\n");
        return 1;
    }
    edit.path = options.operands[0];
    int result = edit_load(&edit);
    if (result < 0)
        return path_error("edit", edit.path, result);
    say(&edit,
        result ? "a new file; Ctrl-S saves, Ctrl-Q leaves" : "Ctrl-S saves, Ctrl-Q leaves", 0);
    os_raw_mode(true);
    os_console_size(&columns, &rows);
    // The other screen; and where does its last corner lie?
    os_printf("\033[?1049h\033[999;999H\033[6n");
    result = edit_screen_start(&edit, columns, rows);
    if (!result)
        result = run(&edit);
    edit_screen_end(&edit);
    os_raw_mode(false);
    return result ? os_print_error("edit", result) : 0;
}
