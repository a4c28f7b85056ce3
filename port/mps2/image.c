/* SPDX-License-Identifier: Apache-2.0 */

/* Entering an image in flash, and knowing where we are. */

#include "board.h"
#include "mps2.h"

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
