/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CoAP client against what a server may say. The first byte chooses the
 * request, then each datagram stands behind its length. A datagram whose
 * first byte has the version 3 is told as a response to what was asked last:
 * its id and token are put in. The clock moves on when nothing is left.
 */
#include "coap/coap_internal.h"
#include "fuzz_pipe.h"

#include <string.h>

#define STEPS 64

static struct fuzz_pipe pipe;
static struct pawl_coap coap;

/* A body of ours that is sent in pieces. */
static const uint8_t payload[100] = {1};

static void begin(uint8_t choice)
{
    static const char *const paths[] = {"/a/b?c", "/", "/%41//x", "/a/.."};
    const struct pawl_coap_request request = {
        .method = (enum pawl_coap_method)(choice & 7),
        .path = paths[choice / 64],
        .payload = {payload, (choice & 7) < 2 || (choice & 7) == 4 ? 0 : 100},
        .accept = (choice & 8) != 0 ? PAWL_COAP_FORMAT(42) : 0,
        .content_format = PAWL_COAP_FORMAT(60),
        .offset = (choice & 32) != 0 ? 40 : 0,
        .observe = (choice & 16) != 0,
    };

    (void)pawl_coap_begin(&coap, &request);
}

/* Puts id and token of the last request, or of the observation, where a
 * datagram asks for them. */
static void answer(uint8_t *data, size_t len)
{
    if (len >= 12 && data[0] >> 6 == 3) {
        bool by_itself = (data[0] & 0x20) == 0;

        data[0] = (uint8_t)(0x48 | (data[0] & 0x30));
        memcpy(data + 4,
               by_itself && coap.observing ? coap.observe_token : coap.token,
               8);
        if (!by_itself) {
            memcpy(data + 2, coap.out + 2, 2);
        }
    }
}

/* A config that the client must not take. */
static void open_badly(struct pawl_coap_config config, uint8_t choice)
{
    switch (choice % 8) {
    case 0:
        config.session = NULL;
        break;
    case 1:
        config.clock = NULL;
        break;
    case 2:
        config.entropy = NULL;
        break;
    case 3:
        config.block_size = 8;
        break;
    case 4:
        config.block_size = 2048;
        break;
    case 5:
        config.block_size = 100;
        break;
    case 6:
        config.ack_timeout_ms = 60001;
        break;
    default:
        config.max_retransmit = 13;
        break;
    }
    must(pawl_coap_open(&coap, &config) == PAWL_ERR_ARGUMENT);
}

/* Reads as far as it goes. */
static void read_body(void)
{
    struct pawl_wait wait;
    enum pawl_status status = PAWL_OK;

    for (unsigned i = 0; i < 8 && status == PAWL_OK; i++) {
        uint8_t buf[50];
        size_t received = 0;

        status = pawl_coap_read(&coap, buf, sizeof buf, &received, &wait);
        must((status == PAWL_OK) == (received > 0));
        must(received <= sizeof buf);
        must(status != PAWL_PENDING || wait.events != 0);
    }
}

/* The parser alone: its views lie inside of what it was given. */
static void parse(struct pawl_bytes data)
{
    struct coap_message message;
    struct coap_options options;

    if (pawl_coap_parse(data, &message) == PAWL_OK) {
        must_be_inside(message.token, data);
        must_be_inside(message.options, data);
        must_be_inside(message.payload, data);
        if (pawl_coap_options(&message, &options) == PAWL_OK) {
            for (size_t i = 0; i < PLACE_COUNT; i++) {
                must_be_inside(options.value[i], message.options);
            }
        }
    }
}

/* Steps, with whatever it leads to. Begins again where it ended. */
static void run(uint8_t choice)
{
    struct pawl_wait wait = {0};

    for (unsigned i = 0; i < STEPS; i++) {
        enum pawl_status status = pawl_coap_step(&coap, &wait);

        must(status != PAWL_PENDING || wait.events != 0);
        must(coap.body.len <= sizeof coap.in);
        if (status == PAWL_OK) {
            must(PAWL_COAP_CLASS(coap.response.code) >= 2);
            read_body();
        } else if (status != PAWL_PENDING) {
            begin(choice);
        } else if (pipe.at == pipe.len) {
            pipe.now_ms = wait.deadline_ms;
        }
        if (i == 20 || i == 40 || (i == 41 && (choice & 8) != 0)) {
            (void)pawl_coap_cancel(&coap);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2) {
        return 0;
    }
    parse((struct pawl_bytes){data + 1, len - 1});
    struct pawl_coap_config config = {
        .session = fuzz_pipe_open(&pipe, data, len),
        .clock = &pipe.clock,
        .entropy = &pipe.entropy,
        .block_size = (data[0] & 64) != 0 ? 0 : 16,
    };
    pipe.at = 1;
    pipe.datagrams = true;
    pipe.on_datagram = answer;
    open_badly(config, data[1]);
    config.ack_timeout_ms = data[1] % 2;
    config.max_retransmit = data[1] % 3;
    config.response_timeout_ms = data[1] % 2;
    must(pawl_coap_open(&coap, &config) == PAWL_OK);
    begin(data[0]);
    run(data[0]);
    return 0;
}
