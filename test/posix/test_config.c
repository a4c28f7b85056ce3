/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE 1
#include "check.h"

#include <posix.h>
#include <stdio.h>
#include <string.h>

#define HEAD                                                                   \
    "pawl_device = 1\n"                                                        \
    "serial = PUMP-0042\n"                                                     \
    "vendor_id = 4be0643f-1d98-573b-97cd-ca98a65347dd\n"                       \
    "class_id = 18ce9adf-9d2e-57a3-9374-076282f3d95b\n"

static struct pawl_posix_config config;
static char error[PAWL_POSIX_ERROR_MAX];

static enum pawl_status parse(const char *text)
{
    return pawl_posix_config_parse(&config, "conf", text, strlen(text), error);
}

static void the_required_keys_are_enough(void)
{
    CHECK_EQ(parse(HEAD), PAWL_OK);
    CHECK(strcmp(config.serial, "PUMP-0042") == 0);
    CHECK_EQ(config.vendor_id[0], 0x4b);
    CHECK_EQ(config.vendor_id[15], 0xdd);
    CHECK_EQ(config.slot_size, 2 * 1024 * 1024);
    CHECK_EQ(config.erased_value, 0xFF);
    CHECK_EQ(config.clock_rate_milli, 1000);
    CHECK(config.wall_clock && config.overprogram);
    CHECK_EQ(config.endpoint_count, 0);
    CHECK_EQ(error[0], '\0');
}

static void every_key_is_read(void)
{
    CHECK_EQ(parse(HEAD "# a comment\n\n"
                        "device_id=00112233-4455-6677-8899-AABBCCDDEEFF\n"
                        "sector_size = 512\nprogram_unit = 4\n"
                        "erased_value = 0x00\noverprogram = no\n"
                        "slot_size = 65536\nmanifest_size = 2048\n"
                        "journal_size = 8192\nobjects_size = 16384\n"
                        "counter_max = 31\nwatchdog_ms = 1500\n"
                        "wall_clock = unknown\nclock_offset_s = -86400\n"
                        "clock_rate = 60.5\nclock_base_s = 1700000000\n"
                        "mqtt_topic_prefix = plant/7\n"
                        "keystore = pkcs11:token=t?module-path=/m.so\n"
                        "endpoint = mqtt ::1 8883 mqtt.example.com\n"
                        "endpoint =\tenroll  est.example.com 443 "
                        "est.example.com"),
             PAWL_OK);
    CHECK_EQ(config.device_id[10], 0xAA);
    CHECK_EQ(config.sector_size, 512);
    CHECK_EQ(config.program_unit, 4);
    CHECK_EQ(config.erased_value, 0x00);
    CHECK(!config.overprogram && !config.wall_clock);
    CHECK_EQ(config.slot_size, 65536);
    CHECK_EQ(config.counter_max, 31);
    CHECK_EQ(config.watchdog_ms, 1500);
    CHECK_EQ(config.clock_offset_s, -86400);
    CHECK_EQ(config.clock_rate_milli, 60500);
    CHECK(strcmp(config.mqtt_topic_prefix, "plant/7") == 0);
    CHECK(strcmp(config.keystore, "pkcs11:token=t?module-path=/m.so") == 0);
    CHECK_EQ(config.endpoint_count, 2);
    CHECK(strcmp(config.endpoints[0].host, "::1") == 0);
    CHECK_EQ(config.endpoints[0].port, 8883);
    CHECK(strcmp(config.endpoints[1].use, "enroll") == 0);
    CHECK(strcmp(config.endpoints[1].server_name, "est.example.com") == 0);
}

static void what_is_written_reads_back_the_same(void)
{
    static struct pawl_posix_config before;
    char text[4096], again[4096];
    size_t len = sizeof text, again_len = sizeof again;
    CHECK_EQ(parse(HEAD "clock_rate = 0.5\nclock_base_s = 1\n"
                        "clock_offset_s = -5\nerased_value = 0x00\n"
                        "endpoint = download 127.0.0.1 1 a.example\n"),
             PAWL_OK);
    before = config;
    CHECK_EQ(pawl_posix_config_write(&before, text, &len, error), PAWL_OK);
    CHECK_EQ(pawl_posix_config_parse(&config, "conf", text, len, error),
             PAWL_OK);
    CHECK_EQ(pawl_posix_config_write(&config, again, &again_len, error),
             PAWL_OK);
    CHECK_EQ(len, again_len);
    CHECK_MEM(text, again, len);
    CHECK_EQ(config.clock_rate_milli, 500);
    CHECK_EQ(config.clock_offset_s, -5);
    CHECK_EQ(config.endpoint_count, 1);
}

static void a_config_that_would_not_read_back_is_not_written(void)
{
    char text[4096];
    size_t len = sizeof text;
    CHECK_EQ(parse(HEAD), PAWL_OK);
    (void)snprintf(config.serial, sizeof config.serial, "two words");
    CHECK_EQ(pawl_posix_config_write(&config, text, &len, error),
             PAWL_ERR_MALFORMED);
    CHECK(strstr(error, "serial") != NULL);
}

static const struct {
    const char *text;
    const char *error; /* somewhere in it */
} refused[] = {
    {"", "conf: pawl_device: is missing"},
    {"serial = a\n", "conf:1: pawl_device"},
    {"pawl_device = 2\n", "conf:1: pawl_device: another version"},
    {"pawl_device = 1\n", "conf: serial: is missing"},
    {HEAD "color = red\n", "conf:5: color: unknown key"},
    {HEAD "serial = b\n", "conf:5: serial: given before in line 2"},
    {HEAD "pawl_device = 1\n", "conf:5: pawl_device: given before in line 1"},
    {HEAD "slot_size =\n", "conf:5: slot_size: has no value"},
    {HEAD "slot_size\n", "conf:5: line: is not 'key = value'"},
    {HEAD "= 5\n", "conf:5: line: does not begin with a key"},
    {HEAD "\x1b[31m = 5\n", "conf:5: line: does not begin with a key"},
    {HEAD "slot_size = 4k\n", "conf:5: slot_size: needs a decimal"},
    {HEAD "slot_size = -1\n", "conf:5: slot_size: needs a decimal"},
    {HEAD "slot_size = 4294967296\n", "conf:5: slot_size: needs a decimal"},
    {HEAD "slot_size = 5000\n", "slot_size: must be a multiple"},
    {HEAD "slot_size = 0\n", "slot_size: must be a multiple"},
    {HEAD "sector_size = 0\n", "sector_size: must be a multiple"},
    {HEAD "program_unit = 0\n", "program_unit: must be"},
    {HEAD "program_unit = 128\n", "program_unit: must be"},
    {HEAD "journal_size = 4096\n", "journal_size: must be an even"},
    {HEAD "objects_size = 12288\n", "objects_size: must be an even"},
    {HEAD "erased_value = 0xFE\n", "erased_value: needs 0xff or 0x00"},
    {HEAD "overprogram = true\n", "overprogram: needs yes or no"},
    {HEAD "wall_clock = yes\n", "wall_clock: needs known or unknown"},
    {HEAD "clock_offset_s = 1e3\n", "clock_offset_s: needs"},
    {HEAD "clock_offset_s = 99999999999\n", "clock_offset_s: needs"},
    {HEAD "clock_rate = 2\n", "clock_rate: needs clock_base_s"},
    {HEAD "clock_rate = 0.0001\n", "clock_rate: needs a number"},
    {HEAD "clock_rate = 1.2.3\n", "clock_rate: needs a number"},
    {HEAD "clock_rate = 100001\n", "clock_rate: needs a number"},
    {HEAD "clock_rate = .5\n", "clock_rate: needs a number"},
    {HEAD "device_id = 0011\n", "device_id: needs a UUID"},
    {HEAD "device_id = 00112233-4455-6677-8899-AABBCCDDEEFG\n", "needs a UUID"},
    {HEAD "device_id = 00112233-4455-6677-8899-AABBCCDDEEFF0\n",
     "needs a UUID"},
    {HEAD "mqtt_topic_prefix = a/#\n", "mqtt_topic_prefix: needs"},
    {HEAD "mqtt_topic_prefix = a//b\n", "mqtt_topic_prefix: needs"},
    {HEAD "mqtt_topic_prefix = /\n", "mqtt_topic_prefix: needs"},
    {HEAD "keystore = hard\n", "keystore: needs"},
    {HEAD "keystore = tpm2\n", "keystore: needs"},
    {HEAD "keystore = pkcs11:a b\n", "keystore: needs"},
    {HEAD "endpoint = mqtt a 1\n", "conf:5: endpoint: needs"},
    {HEAD "endpoint = mqtt a 0 b\n", "conf:5: endpoint: needs"},
    {HEAD "endpoint = mqtt a 65536 b\n", "conf:5: endpoint: needs"},
    {HEAD "endpoint = ftp a 1 b\n", "conf:5: endpoint: needs"},
    {HEAD "endpoint = mqtt a 1 b c\n", "conf:5: endpoint: needs"},
};

static void whatever_is_wrong_is_refused_and_named(void)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK_EQ(parse(refused[i].text), PAWL_ERR_MALFORMED);
        if (strstr(error, refused[i].error) == NULL) {
            (void)fprintf(stderr, "row %zu: %s\n", i, error);
        }
        CHECK(strstr(error, refused[i].error) != NULL);
        CHECK(strchr(error, '\n') == NULL);
    }
}

static void a_ninth_endpoint_is_refused(void)
{
    char text[2048] = HEAD;
    for (unsigned i = 0; i < 9; i++) {
        CHECK_EQ(parse(text), PAWL_OK);
        CHECK_EQ(config.endpoint_count, i);
        (void)strncat(text, "endpoint = mqtt a 1 b\n", 30);
    }
    CHECK_EQ(parse(text), PAWL_ERR_MALFORMED);
    CHECK(strstr(error, "conf:13: endpoint: too many") != NULL);
}

static void a_zero_byte_and_an_endless_line_are_refused(void)
{
    static char text[2000];
    memset(text, 'a', sizeof text);
    CHECK_EQ(pawl_posix_config_parse(&config, "conf", text, sizeof text, error),
             PAWL_ERR_MALFORMED);
    CHECK_EQ(pawl_posix_config_parse(&config, "conf", "a\0b = 1", 7, error),
             PAWL_ERR_MALFORMED);
    CHECK(strstr(error, "conf:1: line: is too long or not text") != NULL);
}

static void every_truncation_is_good_or_refused_with_a_reason(void)
{
    static const char good[] = HEAD "endpoint = mqtt a 12 b\n";
    for (size_t len = 0; len < sizeof good - 1; len++) {
        char part[sizeof good];
        memcpy(part, good, len);
        enum pawl_status status =
            pawl_posix_config_parse(&config, "conf", part, len, error);
        CHECK(status == PAWL_OK || status == PAWL_ERR_MALFORMED);
        CHECK_EQ(error[0] == '\0', status == PAWL_OK);
    }
}

static const struct check_test tests[] = {
    CHECK_TEST(the_required_keys_are_enough),
    CHECK_TEST(every_key_is_read),
    CHECK_TEST(what_is_written_reads_back_the_same),
    CHECK_TEST(a_config_that_would_not_read_back_is_not_written),
    CHECK_TEST(whatever_is_wrong_is_refused_and_named),
    CHECK_TEST(a_ninth_endpoint_is_refused),
    CHECK_TEST(a_zero_byte_and_an_endless_line_are_refused),
    CHECK_TEST(every_truncation_is_good_or_refused_with_a_reason),
};
CHECK_MAIN(tests)
