/* What stands in for parquet.cc in a build without Arrow. */
#include "codec/parquet.h"

bool hc_parquet_is_built(void)
{
	return false;
}

enum hc_code hc_parquet_open(struct hc_str bytes, struct ArrowArrayStream *out, struct hc_err *err)
{
	(void)bytes;
	(void)out;
	hc_fail(err, HC_USAGE, "this is a Parquet file, and this hindcast was built without Parquet");
	return hc_hint(err,
		       "build it with -Dparquet=enabled, which needs Apache Arrow (pip install pyarrow is enough), "
		       "or write the data as CSV or JSON lines");
}
