/* SPDX-License-Identifier: BSD-2-Clause */
/* jout.c - JSON results. */
#include "jout.h"

#include <errno.h>
#include <math.h>

#include "out.h"

void
jout_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text ? json_object_new_string(text) : NULL);
}

void
jout_count(struct json_object *o, const char *key, uint64_t n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

void
jout_real(struct json_object *o, const char *key, double x)
{
	char text[64];

	/* JSON knows no infinities; six digits after the point are nanoseconds of a day, and no noise */
	if (!isfinite(x))
		x = 0;
	snprintf(text, sizeof(text), "%.6f", x);
	json_object_object_add(o, key, json_object_new_double_s(x, text));
}

void
jout_hist(struct json_object *o, const char *key, const struct hist *h)
{
	struct json_object *out = json_object_new_object(), *list = json_object_new_array(), *pair;
	static const struct {
		const char *key;
		double q;
	} quantiles[] = { { "median", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };
	unsigned i;

	jout_count(out, "count", h->count);
	if (h->count) {
		jout_count(out, "min", h->min);
		jout_real(out, "mean", h->sum / (double)h->count);
		for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
			jout_count(out, quantiles[i].key, hist_quantile(h, quantiles[i].q));
		jout_count(out, "max", h->max);
	} else {
		jout_text(out, "min", NULL);
		jout_text(out, "mean", NULL);
		for (i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
			jout_text(out, quantiles[i].key, NULL);
		jout_text(out, "max", NULL);
	}
	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		pair = json_object_new_array();
		json_object_array_add(pair, json_object_new_uint64(hist_limit(i)));
		json_object_array_add(pair, json_object_new_uint64(h->bucket[i]));
		json_object_array_add(list, pair);
	}
	json_object_object_add(out, "histogram", list);
	json_object_object_add(o, key, out);
}

int
jout_print(struct json_object *o, FILE *to, int pretty)
{
	int rc;

	if (fprintf(to, "%s\n", json_object_to_json_string_ext(o, pretty ? JSON_C_TO_STRING_PRETTY : JSON_C_TO_STRING_PLAIN)) < 0)
		rc = -errno;
	else
		rc = out_flush(to);
	json_object_put(o);
	return rc;
}
