/* SPDX-License-Identifier: Apache-2.0 */

/* Events as lines of JSON on the console, without the C library's printf(),
 * which would bring a heap. A line that is too long is cut off. */

#include "../device/board.h"
#include <mps2.h>
#include <string.h>

static struct {
    size_t len;
    char text[480];
} line;

static void put(const char *text)
{
    size_t len = strlen(text);

    if (len < sizeof line.text - line.len) {
        memcpy(line.text + line.len, text, len + 1);
        line.len += len;
    }
}

/* Texts of events are pawl's own or were checked (URIs): what JSON would have
 * to escape is left out. */
static void put_text(const char *key, const char *text)
{
    char one[2] = {0, 0};

    put(",\"");
    put(key);
    put("\":\"");
    for (; *text != '\0'; text++) {
        one[0] = *text;
        if (*text >= 0x20 && *text < 0x7F && *text != '"' && *text != '\\') {
            put(one);
        }
    }
    put("\"");
}

static void put_number(const char *key, uint64_t number)
{
    char digits[MPS2_DIGITS];

    put(",\"");
    put(key);
    put("\":");
    put(mps2_digits(number, digits));
}

void log_event(void *ctx, const struct pawl_agent_event *event)
{
    (void)ctx;
    line.len = 0;
    put("{\"event\":\"");
    put(pawl_agent_event_name(event->code));
    put("\"");
    put_text("status", pawl_status_name(event->status));
    put_text("text", event->text);
    if (event->session != NULL && event->session->rule != NULL) {
        put_text("rule", event->session->rule);
    }
    put_number("done", event->done);
    put_number("total", event->total);
    put_number("sequence", event->sequence);
    put_number("arena_peak", pawl_arena_peak());
    put_number("stack_free", mps2_stack_free());
    put_number("ms", mps2_now_ms());
    put_text("version", DEVICE_VERSION);
    put("}\n");
    mps2_print(line.text);
}
