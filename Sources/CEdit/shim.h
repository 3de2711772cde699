// The operating system's line editor (libedit, in its readline form).
#include <stdlib.h>
#include <string.h>
#include <editline/readline.h>

// Swift may not touch the library's global variables; these set them.
static inline void muse_edit_prepare(rl_completion_func_t *completion) {
    rl_readline_name = "mentalmuse";
    rl_basic_word_break_characters = " \t\n";
    rl_attempted_completion_function = completion;
    rl_completion_append_character = 0;
}

static inline void muse_edit_stop_completion(void) { rl_attempted_completion_over = 1; }

static inline const char *muse_edit_line(void) { return rl_line_buffer; }
