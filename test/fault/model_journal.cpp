/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An explicit-state model of the journal's rules (src/journal/journal.c), not
 * of its code: what the rules promise on flash worse than any that exists.
 *
 * A frame is the set of ways in which it can read: blank, garbage (a
 * tombstone is that), or valid with one content. A completed operation leaves
 * one way. An interrupted one leaves every way that it could: each boot then
 * chooses for each such frame on its own, and again at the next. That covers
 * every stable outcome too, so each operation is cut in one way only.
 * An interrupted erase is the strong one: each frame of the bank reads as it
 * did, as blank, or as garbage, at each boot anew.
 *
 * A session is: boot, recover, settle, act; then nothing, one or two commits,
 * or a compaction; cut in any operation, or in none. The search is breadth
 * first by the number of interrupted sessions; any number of whole ones may
 * lie between. Epochs are relative to the newest, values to the acknowledged
 * one, so that the space is finite.
 *
 * Checked at each boot: I1 and I2 (the value recovered is the one acknowledged
 * or acted upon, or the one in flight), and I3 (only untouched frames are
 * programmed). Then each rule is taken out, and must be missed.
 *
 * Its traces are replayed on the code: each session of each trace, uncut, is
 * run by src/journal/ on flash that reads as the model says, and must do the
 * same operations in the same order on the same frames, and recover the same.
 * A cut session did the first of them, so that every cut is covered, too.
 */
#include "fault/model_code.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace
{

constexpr int FRAMES_MAX = 12;
constexpr int RESERVE = 3; /* frames that a commit leaves for settling */
constexpr int DEPTH = 3;   /* interrupted sessions, in each run */

enum {
    BLANK = 1,
    GARBAGE = 2,
    VALID = 4
}; /* ways to read */
enum {
    ACKED = 0,
    IN_FLIGHT = 1,
    OLD = 2
}; /* what a valid frame says */

struct Frame {
    uint8_t ways = BLANK;
    uint8_t clean = 1; /* wholly erased, and not programmed since */
    uint8_t proof = 0, value = OLD;
    uint8_t epoch = 0; /* relative: only differences matter */
};

struct State {
    Frame frame[2][FRAMES_MAX];
    uint8_t in_flight = 0, acted = 0;
};

/* The rules that may be taken out. */
enum Without {
    NOTHING,
    R3_PROOF,
    R3_SEAL,
    R4,
    R5,
    R6,
    R7_VOID,
    R7_PROOF,
    R7_SAME,
    R7_PAIR,
    R8_BLANK,
    R9,
    WITHOUT_COUNT
};
const char *const without_names[] = {"nothing",
                                     "R3 (proof)",
                                     "R3 (seal of its own)",
                                     "R4",
                                     "R5",
                                     "R6",
                                     "R7 (tombstones)",
                                     "R7 (which bank)",
                                     "R7 (same state)",
                                     "R7 (frame before the proof)",
                                     "R8",
                                     "R9"};

int frames;
Without without;
const char *violated;
uint64_t replayed; /* sessions on the code */
bool replaying;

/* What one boot reads. */
struct Reading {
    uint8_t way[2][FRAMES_MAX];
};

struct Cut {
};

struct Bank {
    bool valid = false, proven = false, last_is_proof = false, blank = true;
    bool paired = false;
    int after_valid = 0, after_used = 0;
    uint8_t epoch = 0, value = OLD;
};

void fail(const char *what)
{
    if (violated == nullptr) {
        violated = what;
    }
    throw Cut();
}

/* One power session. */
struct Session {
    State &s;
    const Reading &reading;
    int cut_at; /* operations until the cut; -1: none */
    bool cut = false;
    uint8_t epoch = 0;
    int bank = 0, next = 0, spend_end = 0;
    bool proven = false, other_has_it = false, suspect = false;
    bool moved = false;
    std::vector<model_op> ops; /* done */
    uint8_t recovered = OLD;
    /* what this session knows the frames to be, beyond what it read */
    uint8_t seen[2][FRAMES_MAX];

    Session(State &state, const Reading &r, int at)
        : s(state), reading(r), cut_at(at)
    {
        std::memcpy(seen, r.way, sizeof(seen));
    }

    /* Whether power fails in the operation that begins now. */
    bool cut_now()
    {
        return cut_at >= 0 && cut_at-- == 0;
    }

    [[noreturn]] void lose_power()
    {
        cut = true;
        throw Cut();
    }

    void note(uint8_t kind, int b, int i, uint8_t value = 0, bool proof = false)
    {
        bool body = kind == MODEL_OP_BODY;
        ops.push_back({kind, static_cast<uint8_t>(b), static_cast<uint8_t>(i),
                       static_cast<uint8_t>(proof ? 1 : 0), value,
                       body ? epoch : static_cast<uint8_t>(0)});
    }

    void spend(int b, int i)
    {
        note(MODEL_OP_SPEND, b, i);
        Frame &frame = s.frame[b][i];
        frame.clean = 0;
        if (cut_now()) {
            frame.ways |= GARBAGE;
            lose_power();
        }
        frame.ways = GARBAGE;
        seen[b][i] = GARBAGE;
    }

    void program(uint8_t value, bool proof)
    {
        Frame &frame = s.frame[bank][next];
        if (frame.clean == 0 || frame.ways != BLANK) {
            fail("I3");
        }
        frame.clean = 0;
        frame.proof = proof ? 1 : 0;
        frame.value = value;
        frame.epoch = epoch;
        note(MODEL_OP_BODY, bank, next, value, proof);
        if (cut_now()) { /* in the body */
            frame.ways = BLANK | GARBAGE;
            if (without == R3_SEAL) {
                frame.ways |= VALID;
            }
            lose_power();
        }
        note(MODEL_OP_SEAL, bank, next);
        if (cut_now()) { /* in the seal */
            frame.ways = GARBAGE | VALID;
            lose_power();
        }
        frame.ways = VALID;
        seen[bank][next] = VALID;
        next++;
        spend_end = next;
    }

    void erase(int b)
    {
        note(MODEL_OP_ERASE, b, 0);
        bool torn = cut_now();
        for (int i = 0; i < frames; i++) {
            Frame &frame = s.frame[b][i];
            if (torn) {
                frame.ways |= BLANK | GARBAGE;
                frame.clean = 0;
            } else {
                frame = Frame();
            }
        }
        if (torn) {
            lose_power();
        }
        std::memset(seen[b], BLANK, sizeof(seen[b]));
    }

    Bank scan(int b) const
    {
        Bank found;
        for (int i = frames - 1; i >= 0; i--) {
            uint8_t way = reading.way[b][i];
            if (without == R8_BLANK && way == GARBAGE) {
                way = BLANK;
            }
            if (way == BLANK) {
                continue;
            }
            if (found.blank) {
                found.blank = false;
                found.after_used = i + 1;
            }
            if (way == VALID) {
                const Frame &frame = s.frame[b][i];
                if (!found.valid) {
                    found.valid = true;
                    found.last_is_proof = frame.proof != 0;
                    found.paired = frame.proof != 0 && i > 0 &&
                                   reading.way[b][i - 1] == VALID;
                    found.after_valid = i + 1;
                    found.epoch = frame.epoch;
                    found.value = frame.value;
                }
                found.proven = found.proven || frame.proof != 0;
            }
        }
        return found;
    }

    void pair(uint8_t value)
    {
        program(value, false);
        if (without != R3_PROOF) {
            program(value, true);
        }
        proven = true;
    }

    /* R7; settles: R6 has not been seen to yet */
    void move(uint8_t value, bool settles)
    {
        int target = proven || !other_has_it ? bank ^ 1 : bank;
        if (without == R7_PROOF) {
            target = bank ^ 1;
        }
        if (moved) {
            fail("I9");
        }
        moved = true;
        while (settles && next < spend_end && next < frames && target != bank) {
            spend(bank, next++);
        }
        for (int n = 0; n < frames && without != R7_VOID; n++) {
            int i = target == bank ? frames - 1 - n : n;
            if (seen[target][i] != BLANK) {
                spend(target, i);
            }
        }
        erase(target);
        if (target != bank) {
            other_has_it = false;
        }
        suspect = false;
        proven = false;
        bank = target;
        next = spend_end = 0;
        epoch++;
        pair(value);
    }

    /* Appends value; in_force is what compaction would carry. */
    void append(uint8_t value, bool settles)
    {
        if ((suspect && without != R9) ||
            spend_end + 2 + (settles ? 0 : RESERVE) > frames) {
            move(settles ? value : static_cast<uint8_t>(ACKED), settles);
            if (settles) {
                return;
            }
        }
        while (next < spend_end) {
            spend(bank, next++);
        }
        pair(value);
    }

    void relabel(uint8_t from, uint8_t to)
    {
        for (auto &row : s.frame) {
            for (int i = 0; i < frames; i++) {
                row[i].value = row[i].value == from ? to : row[i].value;
            }
        }
    }

    /* The state in force is value, for good: I2. */
    void act(uint8_t value)
    {
        if (value == IN_FLIGHT) {
            relabel(ACKED, OLD);
            relabel(IN_FLIGHT, ACKED);
        } else {
            relabel(IN_FLIGHT, OLD);
        }
        s.in_flight = 0;
        s.acted = 1;
    }

    void commit()
    {
        s.in_flight = 1;
        append(IN_FLIGHT, false);
        relabel(ACKED, OLD);
        relabel(IN_FLIGHT, ACKED);
        s.in_flight = 0;
        s.acted = 0;
        moved = false;
    }

    void run(int script)
    {
        Bank found[2] = {scan(0), scan(1)};
        if (found[1].valid &&
            (!found[0].valid || found[1].epoch > found[0].epoch)) {
            bank = 1;
        }
        const Bank &mine = found[bank];
        const Bank &other = found[bank ^ 1];
        if (!mine.valid || mine.value == OLD ||
            (mine.value == IN_FLIGHT && s.in_flight == 0)) {
            fail(s.acted != 0 ? "I2" : "I1");
        }
        recovered = mine.value;
        epoch = mine.epoch;
        proven = mine.proven;
        other_has_it = without == R7_SAME ? other.proven
                       : !other.valid || other.value != mine.value ? false
                       : without == R7_PAIR ? other.last_is_proof
                                            : other.paired;
        suspect = !other.valid && !other.blank;
        next = without == R6 ? mine.after_used : mine.after_valid;
        spend_end = mine.after_used + (without == R5 ? 0 : 1);
        bool settled = (mine.last_is_proof || without == R3_PROOF) &&
                       mine.after_used == mine.after_valid;
        if (!settled && without != R4) {
            append(mine.value, true);
        }
        act(mine.value);
        moved = false;
        if (script == 1 || script == 2) {
            commit();
        }
        if (script == 2) {
            commit();
        }
        if (script == 3) {
            move(ACKED, false);
        }
    }
};

/* --- On the code ------------------------------------------------------------
 */

/* Whether the code does what this session did, on what it read. */
bool code_agrees(const State &from, const Reading &reading, int script,
                 const Session &session)
{
    model_frame read[2][MODEL_FRAMES_MAX];
    model_op ops[MODEL_OPS_MAX];
    uint8_t recovered = OLD;

    for (int b = 0; b < 2; b++) {
        for (int i = 0; i < frames; i++) {
            const Frame &f = from.frame[b][i];
            read[b][i] = {reading.way[b][i], f.proof, f.value, f.epoch};
        }
    }
    int count =
        model_code_run(read, frames, script, static_cast<unsigned>(replayed++),
                       ops, &recovered);
    bool same = count == static_cast<int>(session.ops.size()) &&
                recovered == session.recovered;
    for (int i = 0; same && i < count; i++) {
        const model_op &a = ops[i];
        const model_op &b = session.ops[static_cast<size_t>(i)];
        same = a.kind == b.kind && a.bank == b.bank && a.index == b.index &&
               a.proof == b.proof && a.value == b.value && a.epoch == b.epoch;
    }
    return same;
}

/* --- The search ------------------------------------------------------------
 */

std::string pack(const State &s)
{
    std::string out;
    int newest = 0;
    for (auto &row : s.frame) {
        for (int i = 0; i < frames; i++) {
            if ((row[i].ways & VALID) != 0 && row[i].epoch > newest) {
                newest = row[i].epoch;
            }
        }
    }
    for (auto &row : s.frame) {
        for (int i = 0; i < frames; i++) {
            const Frame &f = row[i];
            uint8_t content = 0;
            if ((f.ways & VALID) != 0) {
                int age = newest - f.epoch < 7 ? newest - f.epoch : 7;
                content =
                    static_cast<uint8_t>(f.proof | f.value << 1 | age << 3);
            }
            out.push_back(static_cast<char>(f.ways | f.clean << 3));
            out.push_back(static_cast<char>(content));
        }
    }
    out.push_back(static_cast<char>(s.in_flight | s.acted << 1));
    return out;
}

State unpack(const std::string &in)
{
    State s;
    size_t at = 0;
    for (auto &row : s.frame) {
        for (int i = 0; i < frames; i++) {
            uint8_t a = static_cast<uint8_t>(in[at++]);
            uint8_t c = static_cast<uint8_t>(in[at++]);
            row[i].ways = a & 7;
            row[i].clean = a >> 3 & 1;
            row[i].proof = c & 1;
            row[i].value = c >> 1 & 3;
            row[i].epoch = static_cast<uint8_t>(16 - (c >> 3 & 7));
        }
    }
    s.in_flight = in[at] & 1;
    s.acted = in[at] >> 1 & 1;
    return s;
}

uint64_t hash(const std::string &in)
{
    uint64_t h = 0x9E3779B97F4A7C15ULL;
    for (char c : in) {
        h = (h ^ static_cast<uint8_t>(c)) * 0x100000001B3ULL;
        h ^= h >> 29;
    }
    h *= 0xFF51AFD7ED558CCDULL;
    return (h ^ h >> 32) | 1;
}

struct Seen {
    std::vector<uint64_t> table;
    size_t count = 0;
    explicit Seen(size_t size) : table(size)
    {
    }
    bool add(const std::string &in)
    {
        uint64_t h = hash(in);
        size_t at = h >> 8 & (table.size() - 1);
        while (table[at] != 0 && table[at] != h) {
            at = (at + 1) & (table.size() - 1);
        }
        if (table[at] == h) {
            return false;
        }
        table[at] = h;
        count++;
        return true;
    }
    bool full() const
    {
        return count > table.size() / 10 * 7;
    }
};

/* Every reading of a state. A bank without a valid frame is only ever asked
 * whether it is blank: two readings stand for all of its. */
void readings(const State &s, std::vector<Reading> &out)
{
    out.assign(1, Reading());
    for (int b = 0; b < 2; b++) {
        bool may_be_valid = false;
        for (int i = 0; i < frames; i++) {
            may_be_valid |= (s.frame[b][i].ways & VALID) != 0;
        }
        std::vector<Reading> grown;
        if (!may_be_valid) {
            bool all_blank = true;
            bool any = false;
            for (int i = 0; i < frames; i++) {
                all_blank &= (s.frame[b][i].ways & BLANK) != 0;
                any |= (s.frame[b][i].ways & GARBAGE) != 0;
            }
            for (Reading r : out) {
                if (all_blank) {
                    std::memset(r.way[b], BLANK, sizeof(r.way[b]));
                    grown.push_back(r);
                }
                if (any) {
                    for (int i = 0; i < frames; i++) {
                        r.way[b][i] = (s.frame[b][i].ways & GARBAGE) != 0
                                          ? GARBAGE
                                          : BLANK;
                    }
                    grown.push_back(r);
                }
            }
            out.swap(grown);
            continue;
        }
        for (int i = 0; i < frames; i++) {
            grown.clear();
            for (Reading r : out) {
                for (uint8_t way = BLANK; way <= VALID;
                     way = static_cast<uint8_t>(way << 1)) {
                    if ((s.frame[b][i].ways & way) != 0) {
                        r.way[b][i] = way;
                        grown.push_back(r);
                    }
                }
            }
            out.swap(grown);
        }
    }
}

struct Result {
    int depth = 0; /* completed */
    uint64_t states = 0, sessions = 0;
    const char *violated = nullptr;
    bool exhausted = false; /* no new state at all: any depth */
};

/* How a state was come by, when a counter-example is to be shown. */
bool tracing;
std::unordered_map<std::string, std::pair<std::string, std::string>> origin;

std::string text(const State &s)
{
    std::string out;
    for (auto &row : s.frame) {
        for (int i = 0; i < frames; i++) {
            const Frame &f = row[i];
            out += ' ';
            if ((f.ways & BLANK) != 0) {
                out += f.clean != 0 ? "." : "~";
            }
            if ((f.ways & GARBAGE) != 0) {
                out += "#";
            }
            if ((f.ways & VALID) != 0) {
                out += f.proof != 0 ? 'p' : 'r';
                out += "aio"[f.value];
                out += std::to_string(f.epoch);
            }
        }
        out += " |";
    }
    return out + (s.in_flight != 0 ? " in flight" : "") +
           (s.acted != 0 ? " acted" : "");
}

std::string text(const State &s, const Reading &r, int script, int at)
{
    static const char *const scripts[] = {"boots", "commits", "commits twice",
                                          "compacts"};
    std::string out = "reads";
    for (int b = 0; b < 2; b++) {
        for (int i = 0; i < frames; i++) {
            out += ' ';
            out += r.way[b][i] == VALID   ? 'v'
                   : r.way[b][i] == BLANK ? '.'
                                          : '#';
        }
        out += " |";
    }
    (void)s;
    return out + " " + scripts[script] + ", cut in operation " +
           std::to_string(at);
}

void show(std::string key, const std::string &last)
{
    std::vector<std::string> lines{"    " + last};
    while (true) {
        lines.push_back("   " + text(unpack(key)));
        auto it = origin.find(key);
        if (it == origin.end()) {
            break;
        }
        lines.push_back("    " + it->second.second);
        key = it->second.first;
    }
    for (size_t i = lines.size(); i > 0; i--) {
        std::printf("%s\n", lines[i - 1].c_str());
    }
}

void visit(const std::string &packed, Seen &seen, Result &result,
           std::vector<std::string> &same, std::vector<std::string> &deeper)
{
    static std::vector<Reading> all;
    State from = unpack(packed);

    readings(from, all);
    for (const Reading &reading : all) {
        for (int script = 0; script < 4; script++) {
            for (int at = 0;; at++) {
                State s = from;
                Session session(s, reading, at);
                try {
                    session.run(script);
                } catch (const Cut &) {
                }
                result.sessions++;
                if (violated != nullptr) {
                    if (tracing) {
                        show(packed, text(from, reading, script, at));
                    }
                    return;
                }
                if (replaying && !session.cut &&
                    !code_agrees(from, reading, script, session)) {
                    violated = "replay: the code does otherwise";
                    if (tracing) {
                        show(packed, text(from, reading, script, at));
                    }
                    return;
                }
                std::string key = pack(s);
                if (seen.add(key)) {
                    if (tracing) {
                        origin[key] = {packed, text(from, reading, script, at)};
                    }
                    (session.cut ? deeper : same).push_back(key);
                }
                if (!session.cut) {
                    break;
                }
            }
        }
    }
}

Result search(const State &seed, int depth_max, size_t table)
{
    Result result;
    Seen seen(table);
    std::vector<std::string> layer{pack(seed)};

    violated = nullptr;
    seen.add(layer[0]);
    for (int depth = 0; depth <= depth_max && !layer.empty(); depth++) {
        std::vector<std::string> deeper;
        replaying = without == NOTHING && depth <= DEPTH;
        for (size_t i = 0; i < layer.size(); i++) {
            std::string packed = layer[i];
            visit(packed, seen, result, layer, deeper);
            if (violated != nullptr || seen.full()) {
                result.states = seen.count;
                result.violated = violated;
                return result;
            }
        }
        /* every boot after `depth` cuts was looked at */
        result.depth = depth;
        layer.swap(deeper);
        result.exhausted = layer.empty();
    }
    result.states = seen.count;
    return result;
}

/* A bank in force with `used` frames, the other full of the epoch before. */
State make_seed(int used)
{
    State s;
    for (int b = 0; b < 2; b++) {
        int end = b == 0 ? used : used == 2 ? 0 : frames / 2 * 2;
        for (int i = 0; i < end; i++) {
            Frame &f = s.frame[b][i];
            f.ways = VALID;
            f.clean = 0;
            f.proof = i % 2 != 0;
            f.epoch = static_cast<uint8_t>(16 - b);
            f.value = b == 0 && i >= used - 2 ? ACKED : OLD;
        }
    }
    return s;
}

/* A compaction that was cut in its first record, and settling that was cut
 * until the new bank was full: more cuts than the search goes deep. */
State make_unproven()
{
    State s = make_seed(frames);
    for (int i = 0; i < frames; i++) {
        Frame &f = s.frame[1][i];
        f.ways = i == 0 ? GARBAGE | VALID : GARBAGE;
        f.clean = 0;
        f.proof = 0;
        f.value = ACKED;
        f.epoch = 17;
    }
    return s;
}

State seed_number(int used)
{
    return used > frames ? make_unproven() : make_seed(used);
}

/* Prints what a search came to. True: at least as deep as is asked for. */
bool report(int used, const Result &r, int wanted)
{
    std::printf("model: %d frames, seed %d used%s: complete to %d "
                "interrupted sessions%s, %llu states, %llu sessions%s%s\n",
                frames, used > frames ? frames : used,
                used > frames ? ", other unproven" : "", r.depth,
                r.exhausted ? " and beyond (no new state)" : "",
                static_cast<unsigned long long>(r.states),
                static_cast<unsigned long long>(r.sessions),
                r.violated != nullptr ? ", VIOLATED " : "",
                r.violated != nullptr ? r.violated : "");
    std::fflush(stdout);
    return r.violated == nullptr && r.depth >= wanted;
}

/* From each seed, so many interrupted sessions deep; shows what it finds. */
bool rules_hold(int depth, size_t table)
{
    bool held = true;
    for (int used = 2; used <= frames + 2; used += 2) {
        Result r = search(seed_number(used), depth, table);
        held = report(used, r, depth) && held;
        if (r.violated != nullptr) {
            tracing = true;
            (void)search(seed_number(used), depth, table);
            return false;
        }
    }
    return held;
}

/* Whether the rule that is taken out is missed, from any seed. */
bool rule_is_missed(int depth, size_t table)
{
    const char *by = nullptr;
    int after = 0;
    for (int used = 2; used <= frames + 2 && by == nullptr; used += 2) {
        Result r = search(seed_number(used), depth, table);
        by = r.violated;
        after = r.depth + 1;
    }
    std::printf("model: without %s: %s", without_names[without],
                by != nullptr ? by : "NOT MISSED");
    std::printf(by != nullptr ? " violated, interrupted session %d\n" : "\n",
                after);
    std::fflush(stdout);
    return by != nullptr;
}

/* Where the rules end, in banks half as long as any device's. */
int show_limit(size_t table)
{
    frames = 8;
    tracing = true;
    (void)report(2, search(seed_number(2), 20, table), 20);
    return 0;
}

} // namespace

/* Whatever is not given here is gone through by each run, DEPTH deep. */
int main(int argc, char **argv)
{
    static const struct {
        int frames, depth;
    } deeper[] = {{8, 5}, {10, 3}};
    bool exhaustive = argc > 1 && std::strcmp(argv[1], "--exhaustive") == 0;
    size_t table = size_t{1} << 23;
    bool held = true;

    if (argc > 1 && std::strcmp(argv[1], "--limit") == 0) {
        return show_limit(size_t{1} << 28);
    }
    if (exhaustive) {
        table = size_t{1} << 28;
        for (const auto &run : deeper) {
            frames = run.frames;
            held = rules_hold(run.depth, table) && held;
        }
    } else {
        frames = 8;
        held = rules_hold(DEPTH, table);
    }
    std::printf("model: %llu sessions replayed on the code, none otherwise\n",
                static_cast<unsigned long long>(replayed));
    frames = 8;
    for (int w = 1; w < WITHOUT_COUNT; w++) {
        without = static_cast<Without>(w);
        if (!exhaustive && (w == R7_PROOF || w == R7_SAME || w == R7_PAIR)) {
            continue; /* minutes each; mutants.sh has them, on the code */
        }
        held = rule_is_missed(w == R7_PAIR ? 5 : 4, table) && held;
    }
    return held ? 0 : 1;
}
