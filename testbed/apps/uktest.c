/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs every unit test that UK_TESTCASE put into the image; an image without
 * any fails.
 */
#include <stdio.h>
#include <uk/test.h>

int main(void)
{
	int failed = uk_test_run_all();

	puts(failed ? "FAILED" : "SUCCESS");
	return failed;
}
