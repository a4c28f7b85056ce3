/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A boot loader on a microcontroller, complete: it stands at the reset vector,
 * chooses and verifies an image, and enters it where it lies in flash. One that
 * cannot be entered there has lost an attempt, if it is on trial, and the reset
 * takes the next. It has no interrupts, no clock, no arena and no entropy.
 */

#include <mps2.h>
#include <pawl/boot.h>

static void feed(void *ctx)
{
    (void)ctx; /* QEMU's board has no watchdog before the application's */
}

static void tell(const struct pawl_boot_choice *choice, enum pawl_status status)
{
    if (status != PAWL_OK) {
        mps2_print("loader: nothing may be booted: ");
        mps2_print(pawl_boot_reason_name(choice->reason));
        mps2_print("; ");
        mps2_print(pawl_status_name(choice->refused));
        mps2_print("\n");
        return;
    }
    mps2_print("loader: slot ");
    mps2_print(choice->slot->index == 0 ? "A, " : "B, ");
    mps2_print(pawl_boot_reason_name(choice->reason));
    mps2_print(", sequence ");
    mps2_print_number(choice->measurement.sequence);
    if (choice->trial) {
        mps2_print(", ");
        mps2_print_number(choice->attempts_left);
        mps2_print(" attempts left");
    }
    if (choice->reason == PAWL_BOOT_REVERTED) {
        mps2_print(": ");
        mps2_print(pawl_update_reason_name(choice->reverted));
    }
    mps2_print("\n");
}

int main(void)
{
    static struct pawl_boot boot;
    static struct mps2_device device;
    struct pawl_boot_choice choice;

    if (mps2_device_open_boot(&device) != PAWL_OK) {
        mps2_halt("the factory's sector is damaged");
    }
    const struct pawl_boot_config config = {
        .product = &device.product,
        .slots = device.slots,
        .slot_count = 2,
        .journal = device.port.journal,
        .counter = device.port.counter,
        .trust = device.port.store,
        .reset_cause = mps2_reset.cause(mps2_reset.ctx),
        .feed_watchdog = feed,
    };
    enum pawl_status status = pawl_boot_select(&boot, &config, &choice);
    tell(&choice, status);
    if (status != PAWL_OK) {
        return MPS2_EXIT_FAILED;
    }
    enum mps2_region slot =
        choice.slot->index == 0 ? MPS2_IMAGE_A : MPS2_IMAGE_B;
    if (!mps2_image_fits(slot)) {
        mps2_print("loader: its entry or its stack lies elsewhere\n");
        return choice.trial ? MPS2_EXIT_REBOOT : MPS2_EXIT_FAILED;
    }
    mps2_image_enter(mps2_flash_address(slot));
}
