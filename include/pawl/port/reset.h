/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PAWL_PORT_RESET_H
#define PAWL_PORT_RESET_H

/* Why the processor started. */
enum pawl_reset_cause {
    PAWL_RESET_UNKNOWN = 0, /* counted like the worst of them */
    PAWL_RESET_POWER_ON,
    PAWL_RESET_WAKE,     /* from a sleep that was asked for */
    PAWL_RESET_SOFTWARE, /* asked for: an update, a command */
    PAWL_RESET_WATCHDOG,
    PAWL_RESET_FAULT, /* a crash: hard fault, assertion, signal */
    PAWL_RESET_BROWNOUT,
    PAWL_RESET_PIN
};

/* Port: resets and the watchdog. */
struct pawl_reset {
    void *ctx; /* handed back untouched as the first argument */

    /* Why this run began; the same answer at each call. Required. */
    enum pawl_reset_cause (*cause)(void *ctx);

    /*
     * Resets the device, so that the boot loader runs and later sees
     * PAWL_RESET_SOFTWARE. Does not return on a device; a test's may.
     * Required by the agent.
     */
    void (*reboot)(void *ctx);

    /*
     * Called between two steps that may each be long. Optional; without it a
     * watchdog must outlast the longest erase and key operation.
     */
    void (*feed_watchdog)(void *ctx);
};

#endif
