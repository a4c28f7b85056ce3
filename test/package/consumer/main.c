/* SPDX-License-Identifier: Apache-2.0 */
#include <pawl/pawl.h>
#include <pawl/status.h>
#include <stdio.h>
#include <string.h>

/* NULL is refused, and the whole of pawl_init() is linked for it. */
int main(void)
{
    enum pawl_status status = pawl_init(NULL);

    printf("pawl_init(NULL): %s\n", pawl_status_text(status));
    return status == PAWL_ERR_ARGUMENT ? 0 : 1;
}
