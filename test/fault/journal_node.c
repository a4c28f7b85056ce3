/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device of the journal's search: how it is copied, and which devices are
 * alike. Two are when no reading of any frame at any boot can tell them
 * apart; `fault_journal --exact` searches without this, to show that nothing
 * is lost by it.
 */
#include "base/base.h"
#include "fault/journal_search.h"
#include <stdlib.h>
#include <string.h>

#define COMBINATIONS_MAX 1296U /* of four groups */

struct touched last_operation;

static enum pawl_status (*program)(void *, uint32_t, const void *, size_t);
static enum pawl_status (*erase)(void *, uint32_t, uint32_t);

struct node *node_copy(const struct node *from)
{
    uint32_t size = from->flash.port.size;
    struct node *node = must_have(sizeof(*node));
    uint8_t *memory = must_have(FAKE_FLASH_MEMORY(size));

    *node = *from;
    fake_flash_copy(&node->flash, memory, &from->flash);
    return node;
}

void node_free(struct node *node)
{
    free(node->flash.bits);
    free(node);
}

static enum pawl_status noted_program(void *ctx, uint32_t off, const void *buf,
                                      size_t len)
{
    last_operation = (struct touched){off, (uint32_t)len};
    return program(ctx, off, buf, len);
}

static enum pawl_status noted_erase(void *ctx, uint32_t off, uint32_t len)
{
    last_operation = (struct touched){off, len};
    return erase(ctx, off, len);
}

/* --- Readings ------------------------------------------------------------ */

uint32_t value_of(struct pawl_bytes payload)
{
    return payload.len == PAYLOAD ? pawl_get_u32(payload.data) : 0;
}

static uint32_t frame_count(void)
{
    return 2U * search.frames.frames;
}

static void take_reading(struct node *node, uint32_t n, struct reading *reading)
{
    uint8_t buf[1024];
    struct pawl_frame frame;

    (void)pawl_frame_read(&node->flash.port, &search.frames,
                          n / search.frames.frames, n % search.frames.frames,
                          buf, &frame);
    *reading = (struct reading){frame.verdict, frame.epoch, frame.sequence,
                                value_of(frame.payload)};
    if (frame.verdict == PAWL_FRAME_IS_UNREADABLE) {
        reading->verdict = PAWL_FRAME_IS_INVALID;
    }
}

void set_all_moods(struct fake_flash *flash, uint8_t mood)
{
    memset(flash->mood, mood, sizeof(flash->mood));
}

static void look_at(struct node *node, uint32_t n)
{
    struct sight *sight = &node->sight[n];
    uint8_t mood_now[sizeof(node->flash.mood)];
    uint32_t size = search.frames.frame_size;
    uint32_t off = pawl_frame_offset(&search.frames, n / search.frames.frames,
                                     n % search.frames.frames);

    memcpy(mood_now, node->flash.mood, sizeof(mood_now));
    sight->torn = fake_flash_torn(&node->flash, off, size);
    sight->touched = fake_flash_touched(&node->flash, off, size);
    for (uint8_t mood = 0; mood < (sight->torn != 0 ? FAKE_MOOD_COUNT : 1);
         mood++) {
        set_all_moods(&node->flash, mood);
        take_reading(node, n, &sight->mood[mood]);
    }
    memcpy(node->flash.mood, mood_now, sizeof(mood_now));
}

void node_look(struct node *node, struct touched range)
{
    for (uint32_t n = 0; n < frame_count(); n++) {
        uint32_t off = pawl_frame_offset(
            &search.frames, n / search.frames.frames, n % search.frames.frames);

        if (off < range.off + range.len &&
            range.off < off + search.frames.frame_size) {
            look_at(node, n);
        }
    }
}

void node_begin(struct node *node)
{
    struct pawl_flash *port = &node->flash.port;

    must(frame_count() <= FRAMES_MAX, "too many frames");
    if (port->program != noted_program) {
        program = port->program;
        erase = port->erase;
        port->program = noted_program;
        port->erase = noted_erase;
    }
    node->flash.boots = 1; /* what is mixed is mixed in one way */
    node_look(node, (struct touched){0, port->size});
}

/* --- Groups that are read together ---------------------------------------
 * The weak bits of one cut share a mood. Groups that meet in a frame are
 * looked at together: a cluster.
 */

struct cluster {
    uint16_t groups;
    uint32_t combinations;
    uint32_t frames[FRAMES_MAX];
    uint32_t frame_count;
    /* The distinct readings of its frames, and a mood number for each. */
    uint64_t readings[COMBINATIONS_MAX];
    uint32_t moods[COMBINATIONS_MAX]; /* base FAKE_MOOD_COUNT, its groups */
    uint32_t count;
};

/* What numbers are relative to. */
struct newest {
    uint32_t epoch, sequence;
};

static struct cluster clusters[FAKE_FLASH_GROUPS];
static uint32_t cluster_count;

static uint32_t weight(uint16_t groups)
{
    uint32_t combinations = 1;

    for (; groups != 0; groups &= (uint16_t)(groups - 1U)) {
        combinations *= FAKE_MOOD_COUNT;
    }
    return combinations;
}

static struct newest find_newest(const struct node *node)
{
    struct newest newest = {0, 0};

    for (uint32_t n = 0; n < frame_count(); n++) {
        const struct sight *sight = &node->sight[n];

        for (int m = 0; m < (sight->torn != 0 ? FAKE_MOOD_COUNT : 1); m++) {
            const struct reading *reading = &sight->mood[m];

            if (reading->verdict >= PAWL_FRAME_IS_RECORD) {
                newest.epoch = reading->epoch > newest.epoch ? reading->epoch
                                                             : newest.epoch;
                newest.sequence = reading->sequence > newest.sequence
                                      ? reading->sequence
                                      : newest.sequence;
            }
        }
    }
    return newest;
}

/* A value by what the world knows of it. */
static uint64_t kind_of_value(const struct node *node, uint32_t value)
{
    if (value == node->acked) {
        return 1;
    }
    if (value == node->in_flight) {
        return 2;
    }
    return node->acked != 0 ? 3 : 4U + node->newest - value;
}

static uint64_t reading_key(const struct node *node, uint32_t n,
                            const struct reading *reading,
                            const struct newest *newest)
{
    uint64_t key = mix(n, reading->verdict);

    if (reading->verdict < PAWL_FRAME_IS_RECORD) {
        return key;
    }
    key = mix(key, newest->epoch - reading->epoch);
    key = mix(key, newest->sequence - reading->sequence);
    return mix(key, kind_of_value(node, reading->value));
}

/* Puts the torn frames into clusters. */
static void make_clusters(const struct node *node)
{
    cluster_count = 0;
    for (uint32_t n = 0; n < frame_count(); n++) {
        uint16_t groups = node->sight[n].torn;

        for (uint32_t i = 0; groups != 0 && i < cluster_count;) {
            if ((clusters[i].groups & groups) != 0) {
                groups |= clusters[i].groups;
                clusters[i] = clusters[--cluster_count];
                i = 0;
            } else {
                i++;
            }
        }
        if (groups != 0) {
            must(cluster_count < FAKE_FLASH_GROUPS, "too many clusters");
            clusters[cluster_count++].groups = groups;
        }
    }
    for (uint32_t i = 0; i < cluster_count; i++) {
        struct cluster *cluster = &clusters[i];

        cluster->combinations = weight(cluster->groups);
        cluster->frame_count = 0;
        for (uint32_t n = 0; n < frame_count(); n++) {
            if ((node->sight[n].torn & cluster->groups) != 0) {
                cluster->frames[cluster->frame_count++] = n;
            }
        }
    }
}

/* Sets the moods of some groups by a number; answers that of one of them. */
static uint8_t set_moods_of(struct fake_flash *flash, uint16_t groups,
                            uint32_t moods)
{
    uint8_t last = 0;

    for (uint8_t g = 1; g <= FAKE_FLASH_GROUPS; g++) {
        if ((groups & 1U << g) != 0) {
            last = (uint8_t)(moods % FAKE_MOOD_COUNT);
            flash->mood[g] = last;
            moods /= FAKE_MOOD_COUNT;
        }
    }
    return last;
}

/* How the frames of a cluster read in the moods that are set; mood is that of
 * one of its groups. */
static uint64_t cluster_now(struct node *node, const struct cluster *cluster,
                            uint8_t mood, const struct newest *newest)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < cluster->frame_count; i++) {
        uint32_t n = cluster->frames[i];
        uint16_t torn = node->sight[n].torn;
        struct reading reading = node->sight[n].mood[mood];

        if (cluster->combinations > FAKE_MOOD_COUNT) {
            if ((torn & (torn - 1U)) != 0) {
                take_reading(node, n, &reading); /* of several cuts */
            } else {
                for (uint8_t g = 1; g <= FAKE_FLASH_GROUPS; g++) {
                    if (torn == 1U << g) {
                        reading = node->sight[n].mood[node->flash.mood[g]];
                    }
                }
            }
        }
        sum += reading_key(node, n, &reading, newest);
    }
    return sum;
}

/* How they read in a combination of moods. */
static uint64_t cluster_reading(struct node *node,
                                const struct cluster *cluster, uint32_t moods,
                                const struct newest *newest)
{
    uint8_t mood = set_moods_of(&node->flash, cluster->groups, moods);

    return cluster_now(node, cluster, mood, newest);
}

/* The distinct readings of a cluster, in ascending order. */
static void read_cluster(struct node *node, struct cluster *cluster,
                         const struct newest *newest)
{
    must(cluster->combinations <= COMBINATIONS_MAX, "too many cuts at once");
    cluster->count = 0;
    for (uint32_t moods = 0; moods < cluster->combinations; moods++) {
        uint64_t reading = cluster_reading(node, cluster, moods, newest);
        uint32_t at = 0;

        while (at < cluster->count && cluster->readings[at] < reading) {
            at++;
        }
        if (at < cluster->count && cluster->readings[at] == reading) {
            continue;
        }
        memmove(&cluster->readings[at + 1U], &cluster->readings[at],
                (cluster->count - at) * sizeof(cluster->readings[0]));
        memmove(&cluster->moods[at + 1U], &cluster->moods[at],
                (cluster->count - at) * sizeof(cluster->moods[0]));
        cluster->readings[at] = reading;
        cluster->moods[at] = moods;
        cluster->count++;
    }
}

/* --- Keys ------------------------------------------------------------------
 * Frames are added up, so that a cluster that reads in one way only counts as
 * its frames do.
 */

static uint64_t flash_key(struct node *node, const struct newest *newest)
{
    uint8_t mood_now[sizeof(node->flash.mood)];
    uint64_t solid = 0;
    uint64_t weak = 0;

    for (uint32_t n = 0; n < frame_count(); n++) {
        const struct sight *sight = &node->sight[n];

        if (sight->torn == 0) {
            solid += reading_key(node, n, &sight->mood[0], newest);
        }
        if (sight->touched) {
            solid += mix(n, 0x70CCED);
        }
    }
    memcpy(mood_now, node->flash.mood, sizeof(mood_now));
    make_clusters(node);
    for (uint32_t i = 0; i < cluster_count; i++) {
        const struct cluster *cluster = &clusters[i];
        uint64_t key = cluster->frame_count;

        read_cluster(node, &clusters[i], newest);
        if (cluster->count == 1) {
            solid += cluster->readings[0];
            continue;
        }
        for (uint32_t k = 0; k < cluster->count; k++) {
            key = mix(key, cluster->readings[k]);
        }
        weak += key;
    }
    memcpy(node->flash.mood, mood_now, sizeof(mood_now));
    return mix(solid, weak);
}

static uint64_t world_key(struct node *node, const struct newest *newest)
{
    uint64_t key = flash_key(node, newest);

    key = mix(key, newest->sequence - node->sequence);
    return mix(key, (node->in_flight != 0 ? 1U : 0U) +
                        (node->acked != 0 ? 2U : 0U) + (node->acted ? 4U : 0U));
}

uint64_t node_key(struct node *node)
{
    struct newest newest = find_newest(node);

    return world_key(node, &newest);
}

uint64_t device_key(struct node *node, const struct pawl_journal *journal)
{
    struct newest newest = find_newest(node);
    uint64_t key = world_key(node, &newest);
    uint64_t reading = 0; /* of this boot */
    uint32_t pending = pawl_get_u32(journal->pending);

    for (uint32_t i = 0; i < cluster_count; i++) {
        uint8_t g = 1;

        while ((clusters[i].groups & 1U << g) == 0) {
            g++;
        }
        reading +=
            clusters[i].count == 1
                ? 0
                : cluster_now(node, &clusters[i], node->flash.mood[g], &newest);
    }
    key = mix(key, reading);
    key = mix(key, (uint64_t)journal->phase << 8 | (uint64_t)journal->found);
    key = mix(key, (journal->settled ? 1U : 0U) | (journal->proven ? 2U : 0U) |
                       (journal->other_has_it ? 4U : 0U) |
                       (journal->other_suspect ? 8U : 0U) |
                       (journal->commit_due ? 16U : 0U) |
                       (journal->compact_due ? 32U : 0U) |
                       (journal->moved ? 64U : 0U) |
                       (uint64_t)journal->bank << 8 |
                       (uint64_t)journal->target << 16);
    key = mix(key, (uint64_t)journal->next << 32 | journal->spend_end);
    key = mix(key, journal->cursor);
    key = mix(key, newest.epoch - journal->epoch);
    key = mix(key, newest.sequence - journal->sequence);
    key =
        mix(key, kind_of_value(node, value_of(pawl_journal_payload(journal))));
    return journal->commit_due ? mix(key, kind_of_value(node, pending)) : key;
}

uint64_t node_exact_key(const struct node *node)
{
    uint32_t size = node->flash.port.size;
    uint64_t key =
        mix_bytes(5, node->flash.bits,
                  2U * (size_t)size + size / node->flash.port.program_size);

    key = mix(key, node->acted ? 1 : 0);
    key = mix(key, (uint64_t)node->acked << 32 | node->in_flight);
    return mix(key, (uint64_t)node->newest << 32 | node->sequence);
}

/* --- Readings of a whole device ------------------------------------------ */

static uint16_t active_groups(const struct node *node)
{
    uint16_t groups = 0;

    for (uint32_t n = 0; n < frame_count(); n++) {
        groups |= node->sight[n].torn;
    }
    return groups;
}

void set_moods(struct node *node, uint32_t moods)
{
    (void)set_moods_of(&node->flash, active_groups(node), moods);
}

/* The moods that are set, as a number. */
static uint32_t moods_number(const struct node *node)
{
    uint16_t active = active_groups(node);
    uint32_t moods = 0;

    for (unsigned g = FAKE_FLASH_GROUPS; g >= 1; g--) {
        if ((active & 1U << g) != 0) {
            moods = moods * FAKE_MOOD_COUNT + node->flash.mood[g];
        }
    }
    return moods;
}

uint32_t distinct_views(struct node *node, uint32_t views[VIEWS_MAX])
{
    struct newest newest = find_newest(node);
    uint32_t count = 1;

    (void)flash_key(node, &newest); /* for the clusters */
    for (uint32_t i = 0; i < cluster_count; i++) {
        count *= clusters[i].count;
        must(count <= VIEWS_MAX, "too many readings");
    }
    set_all_moods(&node->flash, 0);
    for (uint32_t v = 0; v < count; v++) {
        uint32_t left = v;

        for (uint32_t i = 0; i < cluster_count; i++) {
            (void)set_moods_of(&node->flash, clusters[i].groups,
                               clusters[i].moods[left % clusters[i].count]);
            left /= clusters[i].count;
        }
        views[v] = moods_number(node);
    }
    return count;
}
