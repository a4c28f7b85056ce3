/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_JOURNAL_JOURNAL_INTERNAL_H
#define PAWL_JOURNAL_JOURNAL_INTERNAL_H

/*
 * What the files of the journal share: the frame's format, what a scan of a
 * bank finds, and the context. journal.h includes this for the context alone.
 */

#include "journal/journal.h"
#include <pawl/config.h>
#include <pawl/port/flash.h>
#include <stdbool.h>

/* The frame: doc/SPEC.md, "Journal". Frozen for life. */
#define PAWL_FRAME_FORMAT 1U
#define PAWL_FRAME_RECORD 0x35U
#define PAWL_FRAME_PROOF 0xCAU
#define PAWL_FRAME_HEAD 16U          /* bytes before the payload */
#define PAWL_FRAME_SEAL 8U           /* CRC and mark, in units of its own */
#define PAWL_FRAME_MARK 0x5345414CU  /* "SEAL": neither blank nor void */
#define PAWL_FRAME_LIMIT 0x80000000U /* epoch and sequence stay below */
#define PAWL_FRAME_RESERVE 0x100000U /* left of them for settling */
#ifndef PAWL_JOURNAL_FRAMES_MIN      /* fewer only beside the model */
#define PAWL_JOURNAL_FRAMES_MIN 16U  /* in each bank */
#endif

/* Longest frame: a padded body and a padded seal. */
#define PAWL_FRAME_MAX                                                         \
    ((PAWL_FRAME_HEAD + PAWL_JOURNAL_PAYLOAD_MAX + PAWL_PROGRAM_MAX - 1U) /    \
         PAWL_PROGRAM_MAX * PAWL_PROGRAM_MAX +                                 \
     PAWL_PROGRAM_MAX)

/* How frames lie in a region. */
struct pawl_journal_geometry {
    uint32_t body_size;   /* bytes: head, payload and padding */
    uint32_t frame_size;  /* bytes: body and seal */
    uint32_t bank_size;   /* bytes */
    uint32_t frames;      /* in each bank */
    uint32_t payload_max; /* bytes */
};

/* What one frame turned out to be. */
enum pawl_frame_verdict {
    PAWL_FRAME_IS_INVALID = 0, /* torn, rotted or half erased */
    PAWL_FRAME_IS_UNREADABLE,  /* the flash gave an error: as invalid (R8) */
    PAWL_FRAME_IS_BLANK,
    PAWL_FRAME_IS_TOMBSTONE,
    PAWL_FRAME_IS_MISPLACED, /* whole, but of another place: invalid */
    PAWL_FRAME_IS_RECORD,
    PAWL_FRAME_IS_PROOF
};

/* A frame that was read once; payload is a view into the buffer. */
struct pawl_frame {
    enum pawl_frame_verdict verdict;
    uint32_t epoch, sequence;
    struct pawl_bytes payload;
};

/* What the scan of one bank found. */
struct pawl_bank {
    bool valid;               /* it holds a valid frame */
    bool proven;              /* and one of its valid frames is a proof */
    bool last_is_proof;       /* namely the last valid one */
    bool paired;              /* and the frame before it is valid, too */
    bool blank;               /* every frame looks blank */
    uint32_t epoch, sequence; /* of the last valid frame */
    uint32_t after_valid;     /* the frame after the last valid one; or 0 */
    uint32_t after_used;      /* the frame after the last non-blank one; or 0 */
};

enum pawl_journal_phase {
    PAWL_JOURNAL_IDLE = 0,
    PAWL_JOURNAL_SPEND,       /* tombstones before an append: R5, R6 */
    PAWL_JOURNAL_RECORD_BODY, /* the record, in two programs */
    PAWL_JOURNAL_RECORD_SEAL,
    PAWL_JOURNAL_PROOF_BODY, /* its proof: R3 */
    PAWL_JOURNAL_PROOF_SEAL,
    PAWL_JOURNAL_VOID_LOST, /* the bank that is not formatted: R8 */
    PAWL_JOURNAL_VOID,      /* tombstones before an erase: R7 */
    PAWL_JOURNAL_ERASE,     /* block by block */
    PAWL_JOURNAL_BROKEN     /* the flash failed: open again */
};

/*
 * The context. Fields are private. It must not move while a call is pending:
 * the flash may be reading from frame[].
 */
struct pawl_journal {
    const struct pawl_flash *flash;
    const char *reason; /* why open refused; static storage */
    struct pawl_journal_geometry geometry;
    enum pawl_journal_mode mode;
    enum pawl_journal_found found;
    enum pawl_journal_phase phase;
    bool busy;          /* the flash answered PAWL_PENDING: poll it */
    bool settled;       /* the payload in force may be acted upon */
    bool proven;        /* a valid proof in the bank in force */
    bool other_has_it;  /* R7: the other bank has the same, untouched */
    bool other_suspect; /* not blank and nothing valid: R9 */
    bool commit_due;    /* pending[] waits to be written */
    bool compact_due;   /* asked for by pawl_journal_compact() */
    bool moved;         /* this call has compacted once already */
    uint8_t bank;       /* in force, or being written */
    uint8_t target;     /* being voided and erased */
    uint32_t cursor;    /* frame to void, or byte to erase */
    uint32_t next;      /* frame to be written next in bank */
    uint32_t spend_end; /* frames next .. spend_end - 1 are tombstoned first */
    uint32_t epoch;     /* of the bank in force */
    uint32_t sequence;  /* of the newest record */
    size_t payload_len, pending_len; /* bytes */
    /* open clears what stands above, and leaves these as they are. */
    uint8_t payload[PAWL_JOURNAL_PAYLOAD_MAX]; /* in force */
    uint8_t pending[PAWL_JOURNAL_PAYLOAD_MAX]; /* being committed */
    uint8_t frame[PAWL_FRAME_MAX];             /* being read or programmed */
};

static inline bool pawl_frame_valid(const struct pawl_frame *frame)
{
    return frame->verdict == PAWL_FRAME_IS_RECORD ||
           frame->verdict == PAWL_FRAME_IS_PROOF;
}

/* Fits frames into flash. PAWL_OK, or PAWL_ERR_UNSUPPORTED and *reason. */
PAWL_MUST_USE
enum pawl_status pawl_frame_fit(const struct pawl_flash *flash,
                                size_t payload_max,
                                struct pawl_journal_geometry *geometry,
                                const char **reason);

/* Bytes of a body that are programmed for so long a payload. */
uint32_t pawl_frame_used(const struct pawl_flash *flash,
                         const struct pawl_journal_geometry *geometry,
                         size_t payload_len);

/* Where frame index of bank begins in the region, in bytes. */
uint32_t pawl_frame_offset(const struct pawl_journal_geometry *geometry,
                           unsigned bank, uint32_t index);

/*
 * Reads frame index of bank once, into buf (frame_size bytes), and judges
 * that copy. False if the flash failed with anything but an ECC error.
 */
bool pawl_frame_read(const struct pawl_flash *flash,
                     const struct pawl_journal_geometry *geometry,
                     unsigned bank, uint32_t index, uint8_t *buf,
                     struct pawl_frame *frame);

/*
 * Whether pawl_frame_read() would find the frame blank; buf (frame_size bytes)
 * is for that look.
 */
bool pawl_frame_blank(const struct pawl_flash *flash,
                      const struct pawl_journal_geometry *geometry,
                      unsigned bank, uint32_t index, uint8_t *buf);

/* What a frame says, apart from its place. */
struct pawl_frame_header {
    uint8_t kind; /* PAWL_FRAME_RECORD or PAWL_FRAME_PROOF */
    uint32_t epoch, sequence;
};

/* Writes a whole frame for its place into buf (frame_size bytes). */
void pawl_frame_write(const struct pawl_journal_geometry *geometry,
                      uint8_t erased_value, unsigned bank, uint32_t index,
                      const struct pawl_frame_header *header,
                      struct pawl_bytes payload, uint8_t *buf);

/*
 * Reads a bank from its end to the last valid frame, whose payload is copied
 * to out (*out_len bytes); on to the first proof if that is none, or else the
 * frame before it. True if at least one frame could be read.
 */
bool pawl_bank_scan(const struct pawl_flash *flash,
                    const struct pawl_journal_geometry *geometry, unsigned bank,
                    uint8_t *buf, struct pawl_bank *found, uint8_t *out,
                    size_t *out_len);

/* Clears the context, broken until all went well, and fits the frames in. */
PAWL_MUST_USE
enum pawl_status pawl_journal_begin(struct pawl_journal *journal,
                                    const struct pawl_flash *flash,
                                    size_t payload_max,
                                    enum pawl_journal_mode mode);

#endif
