/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_sample.h"

enum { NUMBERS = 4 };

void clock_sample_print(const struct clock_sample *sample, struct buf *json)
{
    buf_json_next(json, NULL);
    buf_puts(json, "[");
    buf_json_int(json, NULL, sample->time_ns);
    buf_json_int(json, NULL, sample->wall_offset_ns);
    buf_json_int(json, NULL, sample->monotonic_offset_ns);
    buf_json_int(json, NULL, sample->error_ns);
    buf_puts(json, "]");
}

bool clock_sample_read(const json_t *from, struct clock_sample *sample)
{
    int64_t numbers[NUMBERS];

    if (json_array_size(from) != NUMBERS)
        return false;
    for (size_t i = 0; i < NUMBERS; i++) {
        const json_t *number = json_array_get(from, i);
        if (!json_is_integer(number))
            return false;
        numbers[i] = json_integer_value(number);
    }
    *sample = (struct clock_sample){numbers[0], numbers[1], numbers[2], numbers[3]};
    return sample->time_ns >= 0 && sample->error_ns >= 0;
}
