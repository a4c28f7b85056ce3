/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A boot loader, complete: chooses an image, verifies it, enters it. On a
 * host "entering" is executing it, and a reset is its end. What a vendor's
 * boot loader has to do is boot_once(); the rest of the file is a command
 * line.
 */

#include <pawl/boot.h>
#include <posix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How it ends, besides the codes of struct pawl_posix_run. */
#define EXIT_NO_BOOT 1   /* nothing may be booted, or could be recorded */
#define EXIT_USAGE 2     /* the command line */
#define EXIT_NO_DEVICE 3 /* no device, or another process has it */

static const char help[] =
    "Usage: boot_loader [--boots N] [--cause NAME] [--once] [--trust OWN] DIR\n"
    "\n"
    "Powers the device in DIR on: chooses and verifies an image, executes it,\n"
    "and starts again when it ends with a reset.\n"
    "\n"
    "  --boots N     ends after N starts\n"
    "  --cause NAME  why the first start happens: power-on (the default),\n"
    "                wake, software, watchdog, fault, brownout, pin, unknown\n"
    "  --once        chooses, prints the choice as a line of JSON, and ends;\n"
    "                it counts as a start\n"
    "  --trust OWN   keeps a trust document of its own, in the directory OWN\n"
    "                that nobody else writes; it begins with OWN/factory.cbor\n"
    "  --help        prints this\n"
    "\n"
    "Exit: 0 powered off, or N starts done; 1 no image may be booted; 2 wrong\n"
    "command line; 3 the device cannot be opened; 137 power was cut (the "
    "image\n"
    "was ended with SIGKILL).\n";

struct options {
    const char *dir;
    const char *trust;   /* NULL: the device's store is believed */
    unsigned long boots; /* 0: no end */
    enum pawl_reset_cause cause;
    bool once;
};

/* The device from power-on until an image is chosen. */
static enum pawl_status boot_once(struct pawl_posix_device *board,
                                  const struct pawl_posix_images *images,
                                  const struct pawl_posix_loader_store *own,
                                  enum pawl_reset_cause cause,
                                  struct pawl_boot_choice *choice)
{
    static struct pawl_boot boot;
    const struct pawl_boot_config config = {
        .product = &board->product,
        .slots = images->slots,
        .slot_count = 2,
        .journal = board->port.journal,
        .counter = board->port.counter,
        .trust = board->port.store,
        .protected_trust = own != NULL ? &own->store : NULL,
        .factory_trust = own != NULL ? own->factory : PAWL_NO_BYTES,
        .reset_cause = cause,
    };
    return pawl_boot_select(&boot, &config, choice);
}

static char slot_letter(const struct pawl_boot_choice *choice)
{
    if (choice->slot == NULL) {
        return '-';
    }
    return choice->slot->index == 0 ? 'A' : 'B';
}

static void print_line(const struct pawl_boot_choice *choice,
                       enum pawl_status status, enum pawl_reset_cause cause)
{
    (void)fprintf(stderr, "loader: %s: ", pawl_posix_cause_name(cause));
    if (status != PAWL_OK) {
        (void)fprintf(stderr, "nothing may be booted: %s; %s (%s)\n",
                      pawl_boot_reason_name(choice->reason),
                      pawl_status_text(status),
                      pawl_status_name(choice->refused));
        return;
    }
    (void)fprintf(stderr, "slot %c, %s, sequence %llu, counter %lu",
                  slot_letter(choice), pawl_boot_reason_name(choice->reason),
                  (unsigned long long)choice->measurement.sequence,
                  (unsigned long)choice->measurement.security_counter);
    if (choice->trial) {
        (void)fprintf(stderr, ", %u attempts and %u boots left",
                      choice->attempts_left, choice->boots_left);
    }
    if (choice->reason == PAWL_BOOT_REVERTED) {
        (void)fprintf(stderr, ": %s",
                      pawl_update_reason_name(choice->reverted));
    }
    (void)fprintf(stderr, "\n");
}

static void print_hex(const char *key, const uint8_t bytes[32])
{
    (void)printf(",\"%s\":\"", key);
    for (size_t i = 0; i < 32; i++) {
        (void)printf("%02x", bytes[i]);
    }
    (void)printf("\"");
}

static void print_json(const struct pawl_boot_choice *choice,
                       enum pawl_status status)
{
    const struct pawl_boot_measurement *measurement = &choice->measurement;
    (void)printf("{\"status\":\"%s\",\"reason\":\"%s\",\"slot\":\"%c\","
                 "\"trial\":%s,\"state\":\"%s\",\"reverted\":\"%s\","
                 "\"refused\":\"%s\",\"attempts_left\":%u,\"boots_left\":%u,"
                 "\"size\":%lu,\"sequence\":%llu,\"security_counter\":%lu",
                 pawl_status_name(status),
                 pawl_boot_reason_name(choice->reason), slot_letter(choice),
                 choice->trial ? "true" : "false",
                 pawl_update_state_name(choice->state),
                 pawl_update_reason_name(choice->reverted),
                 pawl_status_name(choice->refused), choice->attempts_left,
                 choice->boots_left, (unsigned long)choice->size,
                 (unsigned long long)measurement->sequence,
                 (unsigned long)measurement->security_counter);
    print_hex("manifest_digest", measurement->manifest_digest);
    print_hex("image_digest", measurement->image_digest);
    (void)printf("}\n");
}

static int complain(const char *error, int code)
{
    (void)fprintf(stderr, "boot_loader: %s\n", error);
    return code;
}

/* Hands over to the image, and waits for its end. */
static int enter(const struct options *options,
                 const struct pawl_posix_images *images,
                 const struct pawl_boot_choice *choice,
                 enum pawl_reset_cause cause, struct pawl_posix_run *run)
{
    char error[PAWL_POSIX_ERROR_MAX];
    pawl_posix_hand_over(&choice->measurement);
    if (options->trust != NULL) {
        pawl_posix_hand_over_trust(choice->measurement.trust_version);
    }
    if (pawl_posix_images_run(images, choice->slot->index, options->dir, cause,
                              run, error) != PAWL_OK) {
        return complain(error, EXIT_NO_BOOT);
    }
    (void)fprintf(stderr, "loader: the image ended: %s\n", run->text);
    return run->exit_code;
}

/* With the loader's own store, if it has one. */
static enum pawl_status choose(const struct options *options,
                               struct pawl_posix_device *board,
                               const struct pawl_posix_images *images,
                               enum pawl_reset_cause cause,
                               struct pawl_boot_choice *choice)
{
    static struct pawl_posix_loader_store own;
    char error[PAWL_POSIX_ERROR_MAX];
    if (options->trust == NULL) {
        return boot_once(board, images, NULL, cause, choice);
    }
    *choice = (struct pawl_boot_choice){.trust_lost = true};
    enum pawl_status status = pawl_posix_loader_store_open(
        &own, options->trust, &board->config, error);
    if (status != PAWL_OK) {
        (void)complain(error, EXIT_NO_DEVICE);
        return status;
    }
    status = boot_once(board, images, &own, cause, choice);
    pawl_posix_loader_store_close(&own);
    return status;
}

/* One life between two resets. *run says how it ended. */
static int start(const struct options *options, enum pawl_reset_cause cause,
                 struct pawl_posix_run *run)
{
    static struct pawl_posix_device board;
    struct pawl_posix_images images;
    struct pawl_boot_choice choice;
    char error[PAWL_POSIX_ERROR_MAX];
    enum pawl_status status = pawl_posix_device_open_boot(
        &board, options->dir, PAWL_POSIX_WRITE, error);
    if (status != PAWL_OK) {
        return complain(error, EXIT_NO_DEVICE);
    }
    status = pawl_posix_images_open(&images, &board, error);
    if (status != PAWL_OK) {
        pawl_posix_device_close(&board);
        return complain(error, EXIT_NO_DEVICE);
    }
    status = choose(options, &board, &images, cause, &choice);
    pawl_posix_device_close(&board); /* the image opens it */
    print_line(&choice, status, cause);

    int code = status == PAWL_OK ? 0 : EXIT_NO_BOOT;
    if (options->once) {
        print_json(&choice, status);
    } else if (status == PAWL_OK) {
        code = enter(options, &images, &choice, cause, run);
    }
    pawl_posix_images_close(&images);
    return code;
}

static bool parse_boots(const char *text, unsigned long *boots)
{
    char *end = NULL;
    *boots = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *boots > 0;
}

static bool parse_cause(const char *text, enum pawl_reset_cause *cause)
{
    *cause = pawl_posix_cause_of(text);
    return *cause != PAWL_RESET_UNKNOWN || strcmp(text, "unknown") == 0;
}

static bool parse(struct options *options, int count, char **words)
{
    *options = (struct options){.cause = PAWL_RESET_POWER_ON};
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        bool good = true;
        if (strcmp(words[i], "--once") == 0) {
            options->once = true;
        } else if (strcmp(words[i], "--boots") == 0) {
            good = parse_boots(value, &options->boots);
            i++;
        } else if (strcmp(words[i], "--trust") == 0) {
            good = value[0] != '\0';
            options->trust = value;
            i++;
        } else if (strcmp(words[i], "--cause") == 0) {
            good = parse_cause(value, &options->cause);
            i++;
        } else {
            good = words[i][0] != '-' && options->dir == NULL;
            options->dir = words[i];
        }
        if (!good) {
            return false;
        }
    }
    return options->dir != NULL;
}

int main(int count, char **words)
{
    struct options options;
    char error[PAWL_POSIX_ERROR_MAX];
    if (count == 2 && strcmp(words[1], "--help") == 0) {
        (void)fputs(help, stdout);
        return 0;
    }
    if (!parse(&options, count, words)) {
        return complain("wrong command line; see boot_loader --help",
                        EXIT_USAGE);
    }
    if (pawl_posix_loader_start(options.dir, error) != PAWL_OK) {
        return complain(error, EXIT_NO_DEVICE);
    }
    struct pawl_posix_run run = {.again = true, .cause = options.cause};
    int code = 0;
    for (unsigned long boots = 0;
         run.again && (options.boots == 0 || boots < options.boots); boots++) {
        enum pawl_reset_cause cause = run.cause;
        run = (struct pawl_posix_run){.again = false};
        code = start(&options, cause, &run);
    }
    return run.again ? 0 : code;
}
