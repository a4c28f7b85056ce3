/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What Frama-C Eva runs to prove the CBOR reader free of undefined behaviour:
 * any bytes, of any length up to INPUT_MAX, and any sequence of calls on them,
 * of any length.
 *
 * The input ends where its array ends, so that each read past the input is one
 * past the array. What Eva is told by "split" is only which states to look at
 * one by one; it assumes nothing. Not shown: that the views given back lie in
 * the input, and what an empty input at NULL does.
 */

#include "__fc_builtin.h"

#include "base/base.h"
#include "cbor/cbor.h"

#ifndef INPUT_MAX
#define INPUT_MAX 4
#endif

static uint8_t input[INPUT_MAX];

/* One call, of any of the reader's functions. */
static enum pawl_status call(struct pawl_cbor *in, int64_t *key)
{
    struct pawl_bytes view = PAWL_NO_BYTES;
    uint64_t number = 0;
    int64_t integer = 0;
    size_t count = 0;
    bool flag = false;

    switch (Frama_C_interval(0, 12)) {
    case 0:
        return pawl_cbor_peek(in) == PAWL_CBOR_END ? PAWL_OK : PAWL_PENDING;
    case 1:
        return pawl_cbor_left(in) == 0 ? PAWL_OK : PAWL_PENDING;
    case 2:
        return pawl_cbor_uint(in, &number);
    case 3:
        return pawl_cbor_int(in, &integer);
    case 4:
        return pawl_cbor_bstr(in, &view);
    case 5:
        return pawl_cbor_tstr(in, &view);
    case 6:
        return pawl_cbor_bool(in, &flag);
    case 7:
        return pawl_cbor_null(in);
    case 8:
        return pawl_cbor_tag(in, &number);
    case 9:
        return pawl_cbor_array(in, &count);
    case 10:
        return pawl_cbor_map(in, &count);
    case 11:
        return pawl_cbor_skip(in, Frama_C_nondet(0, 1) ? &view : NULL);
    default:
        return pawl_cbor_key(in, key, Frama_C_nondet(0, 1) != 0);
    }
}

/* Leaves a reader as it is, and looks at each of its states by itself. */
void eva_each_state(struct pawl_cbor *in);
void eva_each_state(struct pawl_cbor *in)
{
    ptrdiff_t at = in->at - input;
    ptrdiff_t end = in->end - input;

    //@ split at;
    in->at = input + at;
    //@ split end;
    in->end = input + end;
}

int main(void)
{
    size_t len = (size_t)Frama_C_interval(0, INPUT_MAX);
    struct pawl_cbor in;
    struct pawl_bytes bytes;
    int64_t key = 0;

    Frama_C_make_unknown((char *)input, sizeof(input));
    //@ split len;
    bytes.data = input + (INPUT_MAX - len);
    bytes.len = len;
    pawl_cbor_read(&in, bytes);
    while (Frama_C_nondet(0, 1) != 0) {
        eva_each_state(&in);
        (void)call(&in, &key);
    }
    return pawl_cbor_done(&in) == PAWL_OK;
}
