/* SPDX-License-Identifier: Apache-2.0 */

/* Entering an image in flash, and knowing where we are. */

#include "board.h"
#include "mps2.h"

extern uint8_t stack_low[], heap_end[]; /* mps2.ld: all of the RAM */

bool mps2_image_fits(enum mps2_region slot)
{
    const uint32_t *vectors = mps2_flash_address(slot);
    uintptr_t stack = vectors[0];
    uintptr_t entry = vectors[1];
    uintptr_t begin = (uintptr_t)vectors;

    return stack % 8 == 0 && stack > (uintptr_t)stack_low &&
           stack <= (uintptr_t)heap_end && entry % 2 == 1 /* Thumb */ &&
           entry > begin && entry - begin < mps2_flash(slot)->size;
}

_Noreturn void mps2_image_enter(const void *image)
{
    const uint32_t *vectors = image;

    mps2_stack_check();
    BOARD_NVIC_DISABLE[0] = UINT32_MAX;
    BOARD_NVIC_DISABLE[1] = UINT32_MAX;
    BOARD_VTOR = (uint32_t)(uintptr_t)image;
    __asm volatile("dsb\n"
                   "isb\n"
                   "msr msp, %0\n"
                   "bx %1\n"
                   :
                   : "r"(vectors[0]), "r"(vectors[1])
                   : "memory");
    for (;;) {
    }
}

int mps2_image_slot(void)
{
    uintptr_t here = (uintptr_t)mps2_image_slot;
    const enum mps2_region slots[2] = {MPS2_IMAGE_A, MPS2_IMAGE_B};

    for (int i = 0; i < 2; i++) {
        uintptr_t begin = (uintptr_t)mps2_flash_address(slots[i]);

        if (here >= begin && here - begin < mps2_flash(slots[i])->size) {
            return i;
        }
    }
    return -1;
}
