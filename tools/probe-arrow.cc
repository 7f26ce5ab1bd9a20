// What src/codec/parquet.cc needs of Arrow C++, for the build to see whether it is there.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <parquet/arrow/reader.h>

int main()
{
	parquet::arrow::FileReaderBuilder builder;
	std::unique_ptr<parquet::arrow::FileReader> file;
	std::unique_ptr<arrow::RecordBatchReader> batches;
	std::shared_ptr<arrow::RecordBatch> batch;
	ArrowArray array;
	auto buffer = std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(nullptr, 0));
	return builder.Open(buffer).ok() && builder.Build(&file).ok() &&
	       file->GetRecordBatchReader().Value(&batches).ok() && batches->ReadNext(&batch).ok() &&
	       arrow::ExportRecordBatch(*batch, &array).ok();
}
