/* SPDX-License-Identifier: Apache-2.0 */

/* What the host does for us, through the debugger's door: Arm's semihosting
 * (ARM IHI 0203). */

#include "mps2.h"

#include <string.h>

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_WRITE0 0x04
#define SYS_READ 0x06
#define SYS_TIME 0x11
#define SYS_GET_CMDLINE 0x15
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026u
#define OPEN_READ_BINARY 1u
#define FAILED UINT32_MAX
#define LINE_MAX 256

uint32_t mps2_semihosting(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;

    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/* Not on the stack, which may be what we end for. */
_Noreturn void mps2_exit(int code)
{
    static uint32_t block[2];

    block[0] = APPLICATION_EXIT;
    block[1] = (uint32_t)code;
    (void)mps2_semihosting(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void mps2_print(const char *text)
{
    (void)mps2_semihosting(SYS_WRITE0, text);
}

const char *mps2_digits(uint64_t number, char digits[MPS2_DIGITS])
{
    size_t at = MPS2_DIGITS - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return digits + at;
}

void mps2_print_number(uint64_t number)
{
    char digits[MPS2_DIGITS];

    mps2_print(mps2_digits(number, digits));
}

int64_t mps2_host_time(void)
{
    return (int64_t)mps2_semihosting(SYS_TIME, NULL);
}

/* The value behind name= at the begin of a word of line, or NULL. */
static const char *find(const char *line, const char *name)
{
    size_t len = strlen(name);

    for (const char *word = line; word != NULL; word = strchr(word, ' ')) {
        word += *word == ' ';
        if (strncmp(word, name, len) == 0 && word[len] == '=') {
            return word + len + 1;
        }
    }
    return NULL;
}

bool mps2_argument(const char *name, char *value, size_t cap)
{
    static char line[LINE_MAX];
    uint32_t block[2] = {(uint32_t)(uintptr_t)line, sizeof line};

    if (mps2_semihosting(SYS_GET_CMDLINE, block) != 0) {
        return false;
    }
    line[sizeof line - 1] = '\0';
    const char *found = find(line, name);
    if (found == NULL) {
        return false;
    }
    size_t len = strcspn(found, " ");
    if (len >= cap) {
        return false;
    }
    memcpy(value, found, len);
    value[len] = '\0';
    return true;
}

static enum pawl_status fill(void *ctx, void *buf, size_t len)
{
    static const char path[] = "/dev/urandom";
    uint32_t open[3] = {(uint32_t)(uintptr_t)path, OPEN_READ_BINARY,
                        sizeof path - 1};
    uint32_t handle = mps2_semihosting(SYS_OPEN, open);

    (void)ctx;
    if (handle == FAILED) {
        return PAWL_ERR_ENTROPY;
    }
    uint32_t read[3] = {handle, (uint32_t)(uintptr_t)buf, (uint32_t)len};
    uint32_t missing = mps2_semihosting(SYS_READ, read);
    (void)mps2_semihosting(SYS_CLOSE, &handle);
    return missing == 0 ? PAWL_OK : PAWL_ERR_ENTROPY;
}

const struct pawl_entropy mps2_test_entropy = {.fill = fill};
