/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Fuzz target: whatever the reader takes, the writer writes again, byte for
 * byte: that is what deterministic means. And each call that reads one type
 * leaves the reader inside of its bytes.
 */
#include "cbor/cbor.h"

#include "fuzz/fuzz.h"

#include <string.h>

/* Copies one item's head, and a string's content. */
static void copy_one(struct pawl_cbor *in, struct pawl_cbor_out *out)
{
    struct pawl_bytes bytes;
    uint64_t number = 0;
    int64_t integer = 0;
    size_t count = 0;
    bool truth = false;

    switch (pawl_cbor_peek(in)) {
    case PAWL_CBOR_UINT:
        must(pawl_cbor_uint(in, &number) == PAWL_OK);
        pawl_cbor_put_uint(out, number);
        break;
    case PAWL_CBOR_NINT:
        if (pawl_cbor_int(in, &integer) == PAWL_OK) {
            pawl_cbor_put_int(out, integer);
        } else {
            must(in->status == PAWL_ERR_LIMIT);
        }
        break;
    case PAWL_CBOR_BSTR:
        must(pawl_cbor_bstr(in, &bytes) == PAWL_OK);
        pawl_cbor_put_bstr(out, bytes);
        break;
    case PAWL_CBOR_TSTR:
        must(pawl_cbor_tstr(in, &bytes) == PAWL_OK);
        if (memchr(bytes.data, 0, bytes.len) == NULL) {
            char text[512];
            must(bytes.len < sizeof text);
            memcpy(text, bytes.data, bytes.len);
            text[bytes.len] = '\0';
            pawl_cbor_put_tstr(out, text);
        } else { /* the writer's texts end with a zero byte */
            struct pawl_cbor_out head;
            uint8_t buf[16];
            pawl_cbor_write(&head, buf, sizeof buf);
            pawl_cbor_put_bstr_head(&head, bytes.len);
            buf[0] |= 0x20;
            pawl_cbor_put_raw(out, (struct pawl_bytes){buf, head.len});
            pawl_cbor_put_raw(out, bytes);
        }
        break;
    case PAWL_CBOR_ARRAY:
        must(pawl_cbor_array(in, &count) == PAWL_OK);
        pawl_cbor_put_array(out, count);
        break;
    case PAWL_CBOR_MAP:
        must(pawl_cbor_map(in, &count) == PAWL_OK);
        pawl_cbor_put_map(out, count);
        break;
    case PAWL_CBOR_TAG:
        must(pawl_cbor_tag(in, &number) == PAWL_OK);
        pawl_cbor_put_tag(out, number);
        break;
    case PAWL_CBOR_SIMPLE:
        if (*in->at == 0xF6) {
            must(pawl_cbor_null(in) == PAWL_OK);
            pawl_cbor_put_null(out);
        } else {
            must(pawl_cbor_bool(in, &truth) == PAWL_OK);
            pawl_cbor_put_bool(out, truth);
        }
        break;
    case PAWL_CBOR_END:
        abort();
    }
}

static void read_and_write_again(struct pawl_bytes item)
{
    uint8_t again[512];
    struct pawl_cbor in;
    struct pawl_cbor_out out;
    struct pawl_bytes written;

    pawl_cbor_read(&in, item);
    pawl_cbor_write(&out, again, sizeof again);
    while (pawl_cbor_left(&in) > 0) {
        copy_one(&in, &out);
        if (in.status != PAWL_OK) {
            return; /* an integer beyond int64_t */
        }
    }
    must(pawl_cbor_done(&in) == PAWL_OK);
    must(pawl_cbor_written(&out, &written) == PAWL_OK);
    must(written.len == item.len);
    must(memcmp(written.data, item.data, item.len) == 0);
}

/* Each call on whatever is there; a mistake makes all later ones fail. */
static void call_each(struct pawl_bytes input, uint8_t which)
{
    struct pawl_cbor in;
    struct pawl_bytes bytes = PAWL_NO_BYTES;
    uint64_t number = 0;
    int64_t key = -(int64_t)which;
    size_t count = 0;
    bool truth = false;
    enum pawl_status status = PAWL_ERR_FAULT;

    pawl_cbor_read(&in, input);
    for (unsigned i = 0; i < 8; i++) {
        switch ((which + i) % 9) {
        case 0:
            status = pawl_cbor_uint(&in, &number);
            break;
        case 1:
            status = pawl_cbor_int(&in, &key);
            break;
        case 2:
            status = pawl_cbor_bstr(&in, &bytes);
            break;
        case 3:
            status = pawl_cbor_tstr(&in, &bytes);
            break;
        case 4:
            status = pawl_cbor_array(&in, &count);
            break;
        case 5:
            status = pawl_cbor_map(&in, &count);
            break;
        case 6:
            status = pawl_cbor_key(&in, &key, i == 0);
            break;
        case 7:
            status = pawl_cbor_bool(&in, &truth);
            break;
        default:
            status = pawl_cbor_null(&in);
            break;
        }
        must(in.at <= in.end && status == in.status);
        must_be_inside(bytes, input);
        must(count <= input.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct pawl_bytes input = {data, len};
    struct pawl_cbor in;
    struct pawl_bytes item;

    if (len > 256) {
        return 0;
    }
    pawl_cbor_read(&in, input);
    if (pawl_cbor_skip(&in, &item) == PAWL_OK) {
        must(item.data == data && item.len > 0);
        must_be_inside(item, input);
        read_and_write_again(item);
    } else {
        must(item.len == 0 && pawl_cbor_left(&in) == 0);
    }
    if (len > 0) {
        call_each((struct pawl_bytes){data + 1, len - 1}, data[0]);
    }
    return 0;
}
