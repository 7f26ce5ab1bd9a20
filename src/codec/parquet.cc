#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

extern "C" {
#include "codec/parquet.h"
}

namespace
{

/* Memory up to a limit: what a damaged or hostile file says it needs is not believed. */
class LimitedPool final : public arrow::MemoryPool
{
      public:
	using arrow::MemoryPool::Allocate;
	using arrow::MemoryPool::Free;
	using arrow::MemoryPool::Reallocate;

	arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t **out) override
	{
		if (!fits(size))
			return refuse(size);
		return below->Allocate(size, alignment, out);
	}

	arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment, uint8_t **ptr) override
	{
		if (new_size > old_size && !fits(new_size - old_size))
			return refuse(new_size);
		return below->Reallocate(old_size, new_size, alignment, ptr);
	}

	void Free(uint8_t *buffer, int64_t size, int64_t alignment) override
	{
		below->Free(buffer, size, alignment);
	}

	int64_t bytes_allocated() const override
	{
		return below->bytes_allocated();
	}

	int64_t max_memory() const override
	{
		return below->max_memory();
	}

	int64_t total_bytes_allocated() const override
	{
		return below->total_bytes_allocated();
	}

	int64_t num_allocations() const override
	{
		return below->num_allocations();
	}

	std::string backend_name() const override
	{
		return below->backend_name();
	}

	/* True once more than the limit was asked for. */
	bool refused() const
	{
		return refused_;
	}

      private:
	/* Counts for itself: the system's own pool is everybody's. */
	std::unique_ptr<arrow::ProxyMemoryPool> below =
		std::make_unique<arrow::ProxyMemoryPool>(arrow::system_memory_pool());
	bool refused_ = false;

	bool fits(int64_t more) const
	{
		return more <= HC_PARQUET_MEMORY_MAX && below->bytes_allocated() <= HC_PARQUET_MEMORY_MAX - more;
	}

	arrow::Status refuse(int64_t size)
	{
		refused_ = true;
		return arrow::Status::OutOfMemory("needs ", size, " bytes more than its limit of memory has left");
	}
};

/* Behind an ArrowArrayStream. Members go in the opposite order: the pool last. */
struct Stream {
	LimitedPool pool;
	struct hc_str bytes;
	std::unique_ptr<parquet::arrow::FileReader> file;
	std::unique_ptr<arrow::RecordBatchReader> batches;
	std::string problem;
};

/* As many rows as have HC_PARQUET_BATCH_BYTES in the widest group, if the file tells the truth. */
int64_t batch_rows(const parquet::FileMetaData &meta)
{
	int64_t rows = HC_PARQUET_BATCH_ROWS_MAX;
	for (int i = 0; i < meta.num_row_groups(); i++) {
		auto group = meta.RowGroup(i);
		int64_t size = group->total_byte_size(), n = group->num_rows();
		if (n <= 0 || size <= n)
			continue;
		int64_t fit = HC_PARQUET_BATCH_BYTES / (size / n);
		rows = fit < rows ? fit : rows;
	}
	return rows < 1 ? 1 : rows;
}

arrow::Status open_file(Stream &s)
{
	parquet::ReaderProperties properties(&s.pool);
	properties.enable_buffered_stream(); /* pages, not whole columns */
	properties.set_page_checksum_verification(true);
	parquet::ArrowReaderProperties arrow_properties(false);
	arrow_properties.set_pre_buffer(false);
	/* Microseconds, as those who write these times have them: nanoseconds end in the year 2262. */
	arrow_properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
#if ARROW_VERSION_MAJOR >= 19
	arrow_properties.set_arrow_extensions_enabled(true); /* else a UUID is just 16 bytes */
#endif
	auto buffer = std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t *>(s.bytes.p),
						      static_cast<int64_t>(s.bytes.n));
	parquet::arrow::FileReaderBuilder builder;
	ARROW_RETURN_NOT_OK(builder.Open(std::make_shared<arrow::io::BufferReader>(buffer), properties));
	arrow_properties.set_batch_size(batch_rows(*builder.raw_reader()->metadata()));
	builder.memory_pool(&s.pool)->properties(arrow_properties);
	ARROW_RETURN_NOT_OK(builder.Build(&s.file));
	return s.file->GetRecordBatchReader().Value(&s.batches);
}

arrow::Status give_schema(Stream &s, ArrowSchema *out)
{
	if (!s.batches)
		ARROW_RETURN_NOT_OK(open_file(s));
	return arrow::ExportSchema(*s.batches->schema(), out);
}

arrow::Status give_batch(Stream &s, ArrowArray *out)
{
	if (!s.batches)
		ARROW_RETURN_NOT_OK(open_file(s));
	std::shared_ptr<arrow::RecordBatch> batch;
	ARROW_RETURN_NOT_OK(s.batches->ReadNext(&batch));
	if (!batch) {
		*out = ArrowArray{};
		return arrow::Status::OK();
	}
	ARROW_RETURN_NOT_OK(batch->Validate());
	return arrow::ExportRecordBatch(*batch, out);
}

Stream &stream_of(ArrowArrayStream *stream)
{
	return *static_cast<Stream *>(stream->private_data);
}

int number_of(const Stream &s, bool no_memory)
{
	return s.pool.refused() ? ENOBUFS : no_memory ? ENOMEM : EINVAL;
}

/* No exception leaves this file. */
template <typename Out> int guarded(Stream &s, arrow::Status (*work)(Stream &, Out *), Out *out) noexcept
{
	try {
		arrow::Status status = work(s, out);
		if (status.ok())
			return 0;
		s.problem = status.message();
		return number_of(s, status.IsOutOfMemory());
	} catch (const std::bad_alloc &) {
		return number_of(s, true);
	} catch (const std::exception &e) {
		try {
			s.problem = e.what();
		} catch (...) {
			return number_of(s, true);
		}
		return number_of(s, false);
	} catch (...) {
		return number_of(s, false);
	}
}

} // namespace

extern "C" {

static int stream_schema(ArrowArrayStream *stream, ArrowSchema *out)
{
	return guarded<ArrowSchema>(stream_of(stream), give_schema, out);
}

static int stream_next(ArrowArrayStream *stream, ArrowArray *out)
{
	return guarded<ArrowArray>(stream_of(stream), give_batch, out);
}

static const char *stream_last_error(ArrowArrayStream *stream)
{
	return stream_of(stream).problem.c_str();
}

static void stream_release(ArrowArrayStream *stream)
{
	delete &stream_of(stream);
	stream->release = nullptr;
}

bool hc_parquet_is_built(void)
{
	return true;
}

enum hc_code hc_parquet_open(struct hc_str bytes, struct ArrowArrayStream *out, struct hc_err *err)
{
	Stream *s = nullptr;
	try {
		s = new Stream;
	} catch (...) {
		return hc_fail_nomem(err, "reading a Parquet file");
	}
	s->bytes = bytes;
	*out = ArrowArrayStream{stream_schema, stream_next, stream_last_error, stream_release, s};
	return HC_OK;
}
}
