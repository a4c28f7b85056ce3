/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What newlib asks of a system, for the unit tests on the target: standard
 * output is the console, files are the host's (for reading), and there is a
 * heap. Device images do not link this file, and so cannot have a heap.
 */

#include <mps2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_READ 0x06
#define SYS_SEEK 0x0A
#define SYS_FLEN 0x0C
#define OPEN_READ_BINARY 1u
#define FILE_BASE 3 /* behind the three streams */

int _write(int file, const char *bytes, int len);
int _read(int file, char *bytes, int len);
int _open(const char *path, int flags, int mode);
int _close(int file);
int _lseek(int file, int offset, int whence);
int _fstat(int file, struct stat *facts);
int _isatty(int file);
int _kill(int process, int number);
int _getpid(void);
void _exit(int code);
void *_sbrk(ptrdiff_t more);

static int32_t at[8]; /* positions of open files, by handle modulo 8 */

int _write(int file, const char *bytes, int len)
{
    char text[65];

    (void)file;
    for (int done = 0; done < len;) {
        int part = len - done < 64 ? len - done : 64;

        memcpy(text, bytes + done, (size_t)part);
        text[part] = '\0';
        mps2_print(text);
        done += part;
    }
    return len;
}

int _open(const char *path, int flags, int mode)
{
    uint32_t block[3] = {(uint32_t)(uintptr_t)path, OPEN_READ_BINARY,
                         (uint32_t)strlen(path)};
    int handle = (int)mps2_semihosting(SYS_OPEN, block);

    (void)mode;
    if (flags != 0 || handle < 0) {
        return -1;
    }
    at[handle % 8] = 0;
    return handle + FILE_BASE;
}

int _close(int file)
{
    uint32_t block[1] = {(uint32_t)(file - FILE_BASE)};

    return (int)mps2_semihosting(SYS_CLOSE, block);
}

int _read(int file, char *bytes, int len)
{
    uint32_t block[3] = {(uint32_t)(file - FILE_BASE),
                         (uint32_t)(uintptr_t)bytes, (uint32_t)len};
    int got = len - (int)mps2_semihosting(SYS_READ, block);

    at[(file - FILE_BASE) % 8] += got;
    return got;
}

int _lseek(int file, int offset, int whence)
{
    int32_t *now = &at[(file - FILE_BASE) % 8];
    uint32_t block[2] = {(uint32_t)(file - FILE_BASE), 0};
    int32_t to = offset;

    if (whence == 1) {
        to += *now;
    } else if (whence == 2) {
        to += (int32_t)mps2_semihosting(SYS_FLEN, block);
    }
    block[1] = (uint32_t)to;
    if (to < 0 || mps2_semihosting(SYS_SEEK, block) != 0) {
        return -1;
    }
    *now = to;
    return to;
}

int _fstat(int file, struct stat *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->st_mode = file < FILE_BASE ? S_IFCHR : S_IFREG;
    return 0;
}

int _isatty(int file)
{
    return file < FILE_BASE; /* a line at a time */
}

int _kill(int process, int number)
{
    (void)process;
    (void)number;
    abort();
}

int _getpid(void)
{
    return 1;
}

void _exit(int code)
{
    mps2_exit(code);
}

void *_sbrk(ptrdiff_t more)
{
    extern char heap_begin[], heap_end[];
    static char *end;

    if (end == NULL) {
        end = heap_begin;
    }
    if (more > heap_end - end) {
        return (void *)-1;
    }
    char *block = end;
    end += more;
    return block;
}

/* The environment is the command line. */
char *getenv(const char *name)
{
    static char value[200];

    return mps2_argument(name, value, sizeof value) ? value : NULL;
}
