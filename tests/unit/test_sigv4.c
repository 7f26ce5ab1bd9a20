#include "sign/sigv4.h"

#include "base/instant.h"
#include "check.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UNSIGNED "UNSIGNED-PAYLOAD"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

/* A request as text: "METHOD TARGET\n", then "name:value\n" for each header. */
struct vector {
	const char *request, *payload;
};

enum { HEADERS = 300 };

struct parsed {
	struct hc_sigv4_request request;
	struct hc_sigv4_header headers[HEADERS];
};

static void parse(const char *text, struct parsed *p)
{
	const char *line = strchr(text, '\n'), *target = strchr(text, ' ') + 1;
	const char *question = memchr(target, '?', (size_t)(line - target));
	const char *path_end = question ? question : line;
	p->request = (struct hc_sigv4_request){
		.method = {text, (size_t)(target - 1 - text)},
		.path = {target, (size_t)(path_end - target)},
		.query = {question ? question + 1 : line, question ? (size_t)(line - question - 1) : 0},
		.headers = p->headers,
	};
	for (line++; *line; line = strchr(line, '\n') + 1) {
		const char *colon = strchr(line, ':'), *end = strchr(line, '\n');
		assert_true(p->request.n_headers < HEADERS);
		p->headers[p->request.n_headers++] = (struct hc_sigv4_header){{line, (size_t)(colon - line)},
									      {colon + 1, (size_t)(end - colon - 1)}};
	}
}

static enum hc_sigv4_verdict judge(struct vector v, const char *secret, struct hc_arena *arena,
				   struct hc_sigv4_claim *claim)
{
	struct parsed p;
	const char *why = "";
	parse(v.request, &p);
	if (hc_sigv4_read(&p.request, arena, claim, &why) != HC_SIGV4_FINE)
		fail_msg("%s: %s", v.request, why);
	assert_int_not_equal(claim->form, HC_SIGV4_NONE);
	return hc_sigv4_verify(&p.request, claim, hc_str(secret), hc_str(v.payload), arena);
}

static void check_all(const struct vector *table, size_t n, const char *secret)
{
	for (size_t i = 0; i < n; i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_sigv4_claim claim;
		if (judge(table[i], secret, &arena, &claim) != HC_SIGV4_FINE)
			fail_msg("not taken: %s", table[i].request);
		assert_int_equal(judge(table[i], "another secret", &arena, &claim), HC_SIGV4_WRONG_SIGNATURE);
		struct vector other = {table[i].request, "another payload"};
		assert_int_equal(judge(other, secret, &arena, &claim), HC_SIGV4_WRONG_SIGNATURE);
	}
}

#define S3_SCOPE "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"

/* "Examples: Signature calculations in AWS Signature Version 4" of the S3 reference, and the PUT of its chunked uploads. */
static const struct vector s3_reference[] = {
	{"GET /test.txt\n"
	 "Host:examplebucket.s3.amazonaws.com\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=" S3_SCOPE
	 ",SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
	 "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41\n"
	 "Range:bytes=0-9\n"
	 "x-amz-content-sha256:" EMPTY "\n"
	 "x-amz-date:20130524T000000Z\n",
	 EMPTY},
	{"PUT /test$file.text\n"
	 "Host:examplebucket.s3.amazonaws.com\n"
	 "Date: Fri, 24 May 2013 00:00:00 GMT\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=" S3_SCOPE
	 ",SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;"
	 "x-amz-storage-class,Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd\n"
	 "x-amz-date: 20130524T000000Z\n"
	 "x-amz-storage-class: REDUCED_REDUNDANCY\n"
	 "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072\n",
	 "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"},
	{"GET /?lifecycle\n"
	 "Host: examplebucket.s3.amazonaws.com\n"
	 "Authorization: AWS4-HMAC-SHA256 Credential=" S3_SCOPE ",SignedHeaders=host;x-amz-content-sha256;x-amz-date,"
	 "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543\n"
	 "x-amz-date: 20130524T000000Z\n"
	 "x-amz-content-sha256:" EMPTY "\n",
	 EMPTY},
	{"GET /?max-keys=2&prefix=J\n"
	 "Host: examplebucket.s3.amazonaws.com\n"
	 "Authorization: AWS4-HMAC-SHA256 Credential=" S3_SCOPE ",SignedHeaders=host;x-amz-content-sha256;x-amz-date,"
	 "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7\n"
	 "x-amz-date: 20130524T000000Z\n"
	 "x-amz-content-sha256:" EMPTY "\n",
	 EMPTY},
	{"GET "
	 "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3"
	 "%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
	 "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404\n"
	 "Host: examplebucket.s3.amazonaws.com\n",
	 UNSIGNED},
};

/* "GET ListUsers", the signing process's example; its secret is another one. */
static const struct vector iam[] = {
	{"GET /?Action=ListUsers&Version=2010-05-08\n"
	 "Host: iam.amazonaws.com\n"
	 "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n"
	 "X-Amz-Date: 20150830T123600Z\n"
	 "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
	 "SignedHeaders=content-type;host;x-amz-date, "
	 "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\n",
	 EMPTY},
};

/* Made with botocore 1.29.27; 1.43.11 makes the same. The service is s3, sagemaker, sts or iam. */
static const struct vector botocore[] = {
	{"GET /bucket/plain.txt\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=cb99e34c8d695f0c227a4425f2b725059cc7ad379b2df3b2ceba83c5c5af2c5c\n",
	 EMPTY},
	{"GET /bucket/a%20b%20%20c\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=8d44a0e9fe1977c035e4d7e84532fec451325a06250c0ae5dad5baf54ed55a53\n",
	 EMPTY},
	{"GET /bucket/%C3%BCn%C3%AF/c%C3%B6d%C3%A9/%E6%97%A5%E6%9C%AC.csv\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=aaecf1d1f77e760edd775a2a9d3badb453e60842e508081e7bda300ef53d659d\n",
	 EMPTY},
	{"GET /bucket/a%2Bb\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=09625aff2b3ac2a423a38fcc54138311e743ea69feb9272491bba60d66e9ea56\n",
	 EMPTY},
	{"GET /bucket/100%25\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=1efd736c215f5f6681cf95fee19b93fcc2177744ad0545310d6b2c8517b7d8d2\n",
	 EMPTY},
	{"GET /bucket/%252F\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=cac6623e49fcd560f8f6480ca9566befa7a12a5bc6a42d0a84856149176904db\n",
	 EMPTY},
	{"GET /bucket/a//b\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=29f918f9098afe00f7164f4f48ef4ceb18081afe939408d4e72ab3d29e8f402d\n",
	 EMPTY},
	{"GET /bucket///a/\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=5434b07d78561287afee6ff762260f3bb1d5b277be5e6dd3efdb57e7556e882e\n",
	 EMPTY},
	{"GET /bucket/~tilde~\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=5b50f41cfcba1cfbc76492b3b7a36ffc706261a914bfd2cfe6003347fb6f4bcf\n",
	 EMPTY},
	{"GET /bucket/.\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=ccd0068f4a13bb8af77cb4b9e215fcdf34fbad75eaff7da801619ceed1215ff6\n",
	 EMPTY},
	{"GET /bucket/../x\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=e2f4a525765f949be3ab9a5176b42ad29e248715c42924d385fee0aad06fa4d2\n",
	 EMPTY},
	{"GET /bucket/a/./b\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=232fffe5c2a81f636aec908b53882b0de6abb049918d35bcda96d06f429139f2\n",
	 EMPTY},
	{"GET /bucket/%21%2A%27%28%29\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=a401dbddbe516dd59dc3a92473b8ee7856d0d20d36775ca9a1616c06a78d252d\n",
	 EMPTY},
	{"GET /bucket/%3D%26%3F%23%3B%3A%40%2C%24\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=83035b64e5d6796412a7b1c30e52592fdb7907ddf3b9e9fa14c8fdf9918a837f\n",
	 EMPTY},
	{"GET /bucket/trailing/\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=2359b0d9ccd5dc684b1ad1571cf167a1b447b5ddeafb3268a9a7bf032b1dc5d9\n",
	 EMPTY},
	{"GET /bucket/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=656d0e690fc9df0321277bb8d4dd31902e5db838ffffba13b5fc78ec9aacc7dc\n",
	 EMPTY},
	{"GET /bucket/%F0%9F%98%80\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=d1c0df87f5b9f9b74142e8e91d61ea9489bc1e06ee33c57a8a6258ebb0e4da71\n",
	 EMPTY},
	{"GET /bucket/%5B1%5D%7B2%7D%7C%5C%5E%60%22%3C%3E\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=fa8a37693cca1342eaf255f4528517e3df55f3d39a2d00ac0192ab30f94c5d8c\n",
	 EMPTY},
	{"GET /bucket/a+b(1)!*',;:@$&=\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=cd621f8defe71e5bd3422d9c1017b75a026d8d9937303fb1c616dafe5e0a7ef2\n",
	 EMPTY},
	{"GET /bucket/a%2fb%c3%a9%7e\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=50c1856756f54dfc71b054f9bafd6684a641b8e43b21775fe4f6dd49e5b9e9d6\n",
	 EMPTY},
	{"GET /bucket/a%2Fb\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=ea73ce3efca3783170264548527ae3e2abf3d29a77df6b06990149fbdc77ada2\n",
	 EMPTY},
	{"GET /\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=0a5e6f0123701ddfdc416147fa70dde79016931ee21cc0efc75b24a0d829d346\n",
	 EMPTY},
	{"GET /bucket?acl\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=b4e124ebad675cd75d1c2666d54c9767d7cc64bc56287609bf2c1720cc84fc1b\n",
	 EMPTY},
	{"GET /bucket?list-type=2&prefix=a%20b%2Fc&delimiter=%2F&encoding-type=url\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=419b581f93149cf87894cb198bf1d06d3e3c4662bb7953f4f2bf1aa20cbcc9e8\n",
	 EMPTY},
	{"GET /bucket?uploads\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=54f7bd2f0ea3a38d493c869500e083a56a73ea9e71ec699bc40b77c4a38ad971\n",
	 EMPTY},
	{"GET /bucket?a&b=&c=1\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=bf99cbe8ed600373d69a9eccc4cf9a128f591694143db712f93d6b7097d28b5c\n",
	 EMPTY},
	{"GET /bucket?b=2&a=1&A=3&a-b=4&a.b=5&a_b=6&aa=7&a%2Bb=8\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=e1124ca2b5c7e4a0da64b05c37bcf248c88156342fe9e7026291e8185e3f4ece\n",
	 EMPTY},
	{"GET /bucket?x=2&x=10&x=1&x\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=d956c33c94035d6989302ed75a4c15761c5d08d9f75281bb1820878a5abb0bd4\n",
	 EMPTY},
	{"GET /bucket?prefix=a+b\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=386e2b1f86e96abd0076988ca12a6f409e940695457a8a015218683cf8f175a0\n",
	 EMPTY},
	{"GET /bucket?prefix=a%2Bb%25\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=451faaab6232da9e68fdb3a55c499e2cfbc410b4e1c76efa786e95931d21263b\n",
	 EMPTY},
	{"GET /bucket?x=a=b==\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=02bd3eea75977be073738753f36443803b7b0e697784753a224bc872d4350070\n",
	 EMPTY},
	{"GET /bucket?%C3%BC=%C3%A9\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=42926a354bddbb3f4a870f6c093f6b745fd7ff1e74ee437cec462328ae78f581\n",
	 EMPTY},
	{"GET /bucket?max-keys=1000&marker=\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=1666506145375851a3f7c28fd6c8613bf6d2c51a51ba04e24f517b4a2109d209\n",
	 EMPTY},
	{"GET /bucket?q=~%7E\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=3744da626aec1a9f2312f513086a4def35a8ef1956dc69aad05e66c8b4d0dc25\n",
	 EMPTY},
	{"GET /bucket?a=1&&b=2\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=dcf52445c1a5bef56b45cbe661de74cc7cfe2611b8b49fc0624b757a088bd1a7\n",
	 EMPTY},
	{"GET /bucket?Z=1&z=2&_=3&~=4&-=5\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=18e5723ac93734202c1af55b35c4efa93807d9434e9bb090cc5195ebe3487864\n",
	 EMPTY},
	{"GET /bucket?list-type=2&prefix=a+b%2F%C3%BC%2B&delimiter=%2F\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
	 "Signature=3b3b293e7e6b18f641c6c0446d7ba9a57c5ddfb3fc4f1089caaf3e180e69efd5\n",
	 EMPTY},
	{"PUT /bucket/k\n"
	 "Host:127.0.0.1:8787\n"
	 "Content-Type:text/csv\n"
	 "x-amz-meta-note:  runs   of    spaces  \n"
	 "x-amz-meta-tab:a\t\tb \t c\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-note;x-amz-meta-tab, "
	 "Signature=9650809dbf8168c535d1243e75e5c0afaf6cbc4e1e5a589cc5b5c29e7417322f\n",
	 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
	{"PUT /bucket/k\n"
	 "Host:127.0.0.1:8787\n"
	 "x-amz-meta-a:1\n"
	 "X-Amz-Meta-A:2,  3\n"
	 "x-amz-meta-empty:\n"
	 "Content-MD5:XUFAKrxLKna5cZ2REBfFkg==\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Content-SHA256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-meta-a;x-amz-meta-empty, "
	 "Signature=e708f640add207b3539eb2bf2553fc825e83e39576238782460ab97586a723e5\n",
	 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"},
	{"GET /bucket/k\n"
	 "Host:127.0.0.1:8787\n"
	 "Date:Fri, 02 Jan 2026 03:04:05 -0000\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=date;host;x-amz-content-sha256, "
	 "Signature=a37d753365b1232aca04d82b7c16ffff42cc719c028209cea0609b29b35de804\n",
	 EMPTY},
	{"DELETE /bucket/k?versionId=abc\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Security-Token:a/token+with=odd&characters\n"
	 "X-Amz-Content-SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/s3/aws4_request, "
	 "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "
	 "Signature=71ef39d4faadc8141d51784d74af8faeaf3ca77f21ebb7e71d7c48564930c8fb\n",
	 EMPTY},
	{"POST /\n"
	 "Host:127.0.0.1:8787\n"
	 "Content-Type:application/x-amz-json-1.1\n"
	 "X-Amz-Target:SageMaker.ListEndpoints\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
	 "Signature=24fb995291e518e5d43d4b83c2fad479049346079ee93376ec6cbbb1079e5880\n",
	 "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},
	{"POST /\n"
	 "Host:127.0.0.1:8787\n"
	 "Content-Type:application/x-www-form-urlencoded; charset=utf-8\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "X-Amz-Security-Token:T\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sts/aws4_request, "
	 "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
	 "Signature=48b1f70bab2c205defcfb64d4cad2ad4c1065a5062e660ecf8992d32115b8690\n",
	 "ab821ae955788b0e33ebd34c208442ccfc2d406e2edc5e7a39bd6458fbb4f843"},
	{"GET /?Action=ListUsers&Version=2010-05-08\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/iam/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=2b10c50dcb941e13512341d36fc0c7a4ed7e3842e97d2baf3099fa60236d1d99\n",
	 EMPTY},
	{"GET /a/b/\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=4302dac1d262d3eb395ad2ebd7055b202e18d16b04d5e277b65f5f504bcef831\n",
	 EMPTY},
	{"GET /a//b\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=0b9e7a31ad6bf401af1e0e4be282d38164cc0ef6a5e13bc3a9ee6ca33e4ec688\n",
	 EMPTY},
	{"GET /a/./b/../c\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=6623eeedd807a7b0e60cbdb850ad279274718dd36e52af281ed9fc8e8dd30cd7\n",
	 EMPTY},
	{"GET /..\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=e04f7ab258defd4ccb8f366bd9d61e6e459dd7ae4ebb7e2ab1c359d2e0c2dd51\n",
	 EMPTY},
	{"GET /../a\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=550bd59ce2274d3e0ed3a8db5f84901d05a2abcac7b280c634ae20dc8dcaef63\n",
	 EMPTY},
	{"GET /a/..\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=e04f7ab258defd4ccb8f366bd9d61e6e459dd7ae4ebb7e2ab1c359d2e0c2dd51\n",
	 EMPTY},
	{"GET /a%20b/%2F\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=7e1decdcda396b73e00f595f4666bd497e9d5d7a5bdacdca2a25a0f121f3eddf\n",
	 EMPTY},
	{"GET /~x/(1)\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=510d9bbe5c1181b642db42703160adc00c2d87d42441fa3800b22e3b52b59bd3\n",
	 EMPTY},
	{"GET /a+b\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=e547a09b48edf2fa4d377650bce5d2511712ed26ecad77ba285b330a7e59516a\n",
	 EMPTY},
	{"GET /./\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=e04f7ab258defd4ccb8f366bd9d61e6e459dd7ae4ebb7e2ab1c359d2e0c2dd51\n",
	 EMPTY},
	{"GET //\n"
	 "Host:127.0.0.1:8787\n"
	 "X-Amz-Date:20260102T030405Z\n"
	 "Authorization:AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260102/us-west-2/sagemaker/aws4_request, "
	 "SignedHeaders=host;x-amz-date, Signature=e04f7ab258defd4ccb8f366bd9d61e6e459dd7ae4ebb7e2ab1c359d2e0c2dd51\n",
	 EMPTY},
	{"GET "
	 "/bucket/"
	 "a%20b%2Bc~?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-west-2%"
	 "2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature="
	 "0e64c8f64845cdc0ea8e7e36eca6fd7109537bc9be417d93d56a5a4cb70f4d90\n"
	 "Host:127.0.0.1:8787\n",
	 UNSIGNED},
	{"GET "
	 "/bucket/"
	 "k?response-content-type=text%2Fcsv&versionId=a%20b%2B&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
	 "AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-west-2%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires="
	 "604800&X-Amz-SignedHeaders=host&X-Amz-Security-Token=tok%2Fen%2B%3D&X-Amz-Signature="
	 "a00896d1d2019cc50002e41ccc54d3f4a302bc616c98b8c80af429c8c4232337\n"
	 "Host:127.0.0.1:8787\n",
	 UNSIGNED},
	{"PUT "
	 "/bucket/"
	 "k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-west-2%2Fs3%2Faws4_"
	 "request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=1&X-Amz-SignedHeaders=content-type%3Bhost%3Bx-amz-meta-b&X-"
	 "Amz-Signature=3dd55f0525d4441331413442426ccb36d7742e6ae498b6c3c36c930764e8dfb6\n"
	 "Host:127.0.0.1:8787\n"
	 "Content-Type:text/plain\n"
	 "x-amz-meta-b:1  2\n",
	 UNSIGNED},
	{"GET "
	 "/bucket/"
	 "k?zz=1&uploadId=x&partNumber=7&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%"
	 "2F20260102%2Fus-west-2%2Fs3%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires=3600&X-Amz-"
	 "SignedHeaders=host&X-Amz-Signature=957ff0c97cea1ced3978e6cf01c10da91f4620fe570cd09eeb2ab5d93e60b291\n"
	 "Host:127.0.0.1:8787\n",
	 UNSIGNED},
	{"GET "
	 "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
	 "AKIAIOSFODNN7EXAMPLE%2F20260102%2Fus-west-2%2Fsts%2Faws4_request&X-Amz-Date=20260102T030405Z&X-Amz-Expires="
	 "60&X-Amz-SignedHeaders=host&X-Amz-Signature="
	 "2b2a9c4d228cc7068ff5f5e19528a47a3a4870a488bfab87f9e9180e7cee6166\n"
	 "Host:127.0.0.1:8787\n",
	 EMPTY},
};

static void test_reference(void **state)
{
	(void)state;
	check_all(s3_reference, COUNT(s3_reference), SECRET);
	check_all(iam, COUNT(iam), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
}

static void test_botocore(void **state)
{
	(void)state;
	check_all(botocore, COUNT(botocore), SECRET);
}

/* Clients that sign the documentation's spelling and send another one. The first is GET Object's signature of above. */
static void test_spellings(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum hc_sigv4_verdict verdict;
	} table[] = {
		{"/test.txt", HC_SIGV4_FINE},
		{"/t%65st.txt", HC_SIGV4_FINE},
		{"/test%2Etxt", HC_SIGV4_FINE},
		{"/test%2etxt", HC_SIGV4_FINE},
		{"/test%252etxt", HC_SIGV4_WRONG_SIGNATURE},
		{"%2Ftest.txt", HC_SIGV4_WRONG_SIGNATURE},
		{"//test.txt", HC_SIGV4_WRONG_SIGNATURE},
		{"/./test.txt", HC_SIGV4_WRONG_SIGNATURE},
		{"/test.txt%", HC_SIGV4_WRONG_SIGNATURE},
		{"/test.txt%2", HC_SIGV4_WRONG_SIGNATURE},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		struct parsed p;
		struct hc_sigv4_claim claim;
		const char *why;
		parse(s3_reference[0].request, &p);
		p.request.path = hc_str(table[i].path);
		assert_int_equal(hc_sigv4_read(&p.request, &arena, &claim, &why), HC_SIGV4_FINE);
		if (hc_sigv4_verify(&p.request, &claim, HC_STR(SECRET), HC_STR(EMPTY), &arena) != table[i].verdict)
			fail_msg("%s", table[i].path);
	}
}

static void test_claim(void **state)
{
	(void)state;
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_sigv4_claim claim;
	int64_t us;
	assert_int_equal(judge(s3_reference[0], SECRET, &arena, &claim), HC_SIGV4_FINE);
	assert_int_equal(claim.form, HC_SIGV4_BY_HEADER);
	check_str(claim.access_key, "AKIAIOSFODNN7EXAMPLE");
	check_str(claim.date, "20130524");
	check_str(claim.region, "us-east-1");
	check_str(claim.service, "s3");
	check_str(claim.signed_headers, "host;range;x-amz-content-sha256;x-amz-date");
	check_str(claim.amz_date, "20130524T000000Z");
	assert_true(hc_instant_parse(HC_STR("2013-05-24T00:00:00Z"), &us));
	assert_int_equal(claim.signed_us, us);
	assert_int_equal(claim.expires_s, 0);
	assert_int_equal(judge(s3_reference[4], SECRET, &arena, &claim), HC_SIGV4_FINE);
	assert_int_equal(claim.form, HC_SIGV4_PRESIGNED);
	check_str(claim.access_key, "AKIAIOSFODNN7EXAMPLE");
	check_str(claim.signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
	assert_int_equal(claim.expires_s, 86400);
}

/* Any change of a signed thing is seen; one of a thing that is not signed is not. */
static void test_changes(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path, *query, *header, *value;
		enum hc_sigv4_verdict verdict;
	} table[] = {
		{"GET", "/", "max-keys=2&prefix=J", "x", "y", HC_SIGV4_FINE},
		{"GET", "/", "prefix=J&max-keys=2", "x", "y", HC_SIGV4_FINE},
		{"GET", "/", "prefix=%4A&&max-keys=2&", "x", "y", HC_SIGV4_FINE},
		{"HEAD", "/", "max-keys=2&prefix=J", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"get", "/", "max-keys=2&prefix=J", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/a", "max-keys=2&prefix=J", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "max-keys=2&prefix=K", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "max-keys=2&prefix=J&x", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "max-keys=2&prefix=J&prefix=J", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "max-keys=2%26prefix=J", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "max-keys=2&prefix%3DJ", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "", "x", "y", HC_SIGV4_WRONG_SIGNATURE},
		{"GET", "/", "max-keys=2&prefix=J", "host", "y", HC_SIGV4_WRONG_SIGNATURE},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		struct parsed p;
		struct hc_sigv4_claim claim;
		const char *why;
		parse(s3_reference[3].request, &p);
		p.request.method = hc_str(table[i].method);
		p.request.path = hc_str(table[i].path);
		p.request.query = hc_str(table[i].query);
		p.headers[p.request.n_headers++] =
			(struct hc_sigv4_header){hc_str(table[i].header), hc_str(table[i].value)};
		assert_int_equal(hc_sigv4_read(&p.request, &arena, &claim, &why), HC_SIGV4_FINE);
		if (hc_sigv4_verify(&p.request, &claim, HC_STR(SECRET), HC_STR(EMPTY), &arena) != table[i].verdict)
			fail_msg("case %zu", i);
	}
}

#define AUTHORIZATION(rest) "GET /\nhost:h\nx-amz-date:20130524T000000Z\nauthorization:" rest "\n"
#define CREDENTIAL "Credential=AK/20130524/r/s3/aws4_request"
#define SIGNATURE "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
#define SIGNED(more) "AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=host" more "," SIGNATURE
#define PRESIGNED(algorithm, date, expires, names)                                                                    \
	"GET /?X-Amz-Algorithm=" algorithm "&X-Amz-Credential=AK%2F20130524%2Fr%2Fs3%2Faws4_request&X-Amz-Date=" date \
	"&X-Amz-Expires=" expires "&X-Amz-SignedHeaders=" names "&X-Amz-" SIGNATURE "\nhost:h\n"

static void test_forms(void **state)
{
	(void)state;
	static const struct {
		const char *request, *why; /* why: in the message; NULL: taken */
		enum hc_sigv4_form form;
	} table[] = {
		{"GET /\nhost:h\n", NULL, HC_SIGV4_NONE},
		{"GET /?a=b&X-Amz-Date=1\nhost:h\n", NULL, HC_SIGV4_NONE},
		{AUTHORIZATION(SIGNED("")), NULL, HC_SIGV4_BY_HEADER},
		{AUTHORIZATION("AWS4-HMAC-SHA256   " SIGNATURE " , SignedHeaders=host ,  " CREDENTIAL " "), NULL,
		 HC_SIGV4_BY_HEADER},
		{"GET /\nhost:h\ndate:Fri, 24 May 2013 00:00:00 GMT\nauthorization:" SIGNED("") "\n", NULL,
		 HC_SIGV4_BY_HEADER},
		{"GET /\nhost:h\ndate:20130524T000000Z\nauthorization:" SIGNED("") "\n", NULL, HC_SIGV4_BY_HEADER},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "1", "host"), NULL, HC_SIGV4_PRESIGNED},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "604800", "host"), NULL, HC_SIGV4_PRESIGNED},
		/* the header */
		{AUTHORIZATION(""), "algorithm", 0},
		{AUTHORIZATION("AWS AK:signature"), "algorithm", 0},
		{AUTHORIZATION("Bearer x"), "algorithm", 0},
		{AUTHORIZATION("AWS4-ECDSA-P256-SHA256 x"), "algorithm", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256"), "no Credential", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 " CREDENTIAL), "no SignedHeaders", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=host"), "no Signature", 0},
		{AUTHORIZATION(SIGNED("") "," SIGNATURE), "twice", 0},
		{AUTHORIZATION(SIGNED("") ",x=y"), "unknown", 0},
		{AUTHORIZATION(SIGNED("") ",,"), "unknown", 0},
		{AUTHORIZATION(SIGNED("") "0"), "64", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=host,Signature="), "64", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=x-amz-date," SIGNATURE), "host", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=," SIGNATURE), "host", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 " CREDENTIAL ",SignedHeaders=Host," SIGNATURE), "lower case", 0},
		{AUTHORIZATION(SIGNED(";range")), "does not have", 0},
		{AUTHORIZATION(SIGNED(";;x-amz-date")), "does not have", 0},
		{"GET /\nhost:h\nauthorization:" SIGNED("") "\n", "Date is missing", 0},
		{"GET /\nhost:h\ndate:Fri, 24 Mai 2013 00:00:00 GMT\nauthorization:" SIGNED("") "\n", "no date", 0},
		{"GET /\nhost:h\ndate:Fri, 24 May 2013 00:00:00 CET\nauthorization:" SIGNED("") "\n", "no date", 0},
		{"GET /\nhost:h\ndate:\nauthorization:" SIGNED("") "\n", "no date", 0},
		{"GET /\nhost:h\nx-amz-date:20130524T000000\nauthorization:" SIGNED("") "\n", "YYYYMMDDT", 0},
		{"GET /\nhost:h\nx-amz-date:20130524T240000Z\nauthorization:" SIGNED("") "\n", "YYYYMMDDT", 0},
		{"GET /\nhost:h\nx-amz-date:20130525T000000Z\nauthorization:" SIGNED("") "\n", "not that of", 0},
		{"GET /\nhost:h\nx-amz-date:20130524T000000Z\nx-amz-date:20130524T000000Z\nauthorization:" SIGNED(
			 "") "\n",
		 "twice", 0},
		{"GET /\nhost:h\nx-amz-date:20130524T000000Z\nauthorization:" SIGNED("") "\nauthorization:" SIGNED(
			 "") "\n",
		 "signed twice", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 Credential=AK/20130524/r/s3,x"), "unknown", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 Credential=20130524/r/s3/aws4_request,SignedHeaders=host," SIGNATURE),
		 "KEY/DATE", 0},
		{AUTHORIZATION(
			 "AWS4-HMAC-SHA256 Credential=AK/20130524/r/s3/aws5_request,SignedHeaders=host," SIGNATURE),
		 "aws4_request", 0},
		{AUTHORIZATION(
			 "AWS4-HMAC-SHA256 Credential=AK/2013052x/r/s3/aws4_request,SignedHeaders=host," SIGNATURE),
		 "YYYYMMDD", 0},
		{AUTHORIZATION("AWS4-HMAC-SHA256 Credential=/20130524/r/s3/aws4_request,SignedHeaders=host," SIGNATURE),
		 "empty", 0},
		{AUTHORIZATION(
			 "AWS4-HMAC-SHA256 Credential=AK/20130524//s3/aws4_request,SignedHeaders=host," SIGNATURE),
		 "empty", 0},
		/* the query */
		{PRESIGNED("AWS4-HMAC-SHA1", "20130524T000000Z", "1", "host"), "X-Amz-Algorithm", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130525T000000Z", "1", "host"), "not that of", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "", "1", "host"), "YYYYMMDDT", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "0", "host"), "604800", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "604801", "host"), "604800", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "-1", "host"), "604800", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "", "host"), "604800", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "1", "host%3Bx"), "does not have", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "1&X-Amz-Expires=2", "host"), "twice", 0},
		{PRESIGNED("AWS4-HMAC-SHA256", "20130524T000000Z", "1", "host") "authorization:" SIGNED("") "\n",
		 "signed twice", 0},
		{"GET /?X-Amz-Signature=x\nhost:h\n", "no X-Amz-Algorithm", 0},
		{"GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256\nhost:h\n", "no X-Amz-Credential", 0},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
		struct parsed p;
		struct hc_sigv4_claim claim = {.expires_s = 77};
		const char *why = NULL;
		parse(table[i].request, &p);
		enum hc_sigv4_verdict verdict = hc_sigv4_read(&p.request, &arena, &claim, &why);
		if (verdict != (table[i].why ? HC_SIGV4_MALFORMED : HC_SIGV4_FINE) ||
		    (table[i].why && (!strstr(why, table[i].why) || claim.expires_s != 77)))
			fail_msg("%s is %d, %s", table[i].request, verdict, why ? why : "");
		if (!table[i].why)
			assert_int_equal(claim.form, table[i].form);
	}
}

static void test_limits(void **state)
{
	(void)state;
	static char query[3 * HC_SIGV4_PARAMETERS_MAX + 3];
	struct parsed p;
	struct hc_sigv4_claim claim;
	const char *why = "";
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	for (size_t i = 0; i <= HC_SIGV4_PARAMETERS_MAX; i++)
		memcpy(query + 2 * i, "a&", 2);
	parse(AUTHORIZATION(SIGNED("")), &p);
	p.request.query = (struct hc_str){query, (size_t)2 * HC_SIGV4_PARAMETERS_MAX};
	assert_int_equal(hc_sigv4_read(&p.request, &arena, &claim, &why), HC_SIGV4_FINE);
	assert_int_equal(hc_sigv4_verify(&p.request, &claim, HC_STR(""), HC_STR(""), &arena), HC_SIGV4_WRONG_SIGNATURE);
	HC_ARENA_SCOPED struct hc_arena small = HC_ARENA(100);
	assert_int_equal(hc_sigv4_verify(&p.request, &claim, HC_STR(""), HC_STR(""), &small), HC_SIGV4_MALFORMED);
	p.request.query.n += 2;
	assert_int_equal(hc_sigv4_read(&p.request, &arena, &claim, &why), HC_SIGV4_MALFORMED);
	assert_non_null(strstr(why, "parameters"));
	parse(AUTHORIZATION(SIGNED("")), &p);
	while (p.request.n_headers < HC_SIGV4_HEADERS_MAX)
		p.headers[p.request.n_headers++] = (struct hc_sigv4_header){HC_STR("a"), HC_STR("b")};
	assert_int_equal(hc_sigv4_read(&p.request, &arena, &claim, &why), HC_SIGV4_FINE);
	p.headers[p.request.n_headers++] = (struct hc_sigv4_header){HC_STR("a"), HC_STR("b")};
	assert_int_equal(hc_sigv4_read(&p.request, &arena, &claim, &why), HC_SIGV4_MALFORMED);
	assert_non_null(strstr(why, "headers"));
}

#define CHUNKED(trailer, names, signature)                                                              \
	"PUT /examplebucket/chunkObject.txt\n"                                                          \
	"Host: s3.amazonaws.com\n"                                                                      \
	"x-amz-date: 20130524T000000Z\n"                                                                \
	"x-amz-storage-class: REDUCED_REDUNDANCY\n"                                                     \
	"Authorization: AWS4-HMAC-SHA256 Credential=" S3_SCOPE ",SignedHeaders=content-encoding;" names \
	";x-amz-storage-class" trailer ",Signature=" signature "\n"                                     \
	"Content-Encoding: aws-chunked\n"                                                               \
	"x-amz-decoded-content-length: 66560\n"                                                         \
	"Content-Length: 66824\n"

/* "Signature calculations for the Authorization header: transferring payload in multiple chunks": 65536 times 'a', 1024 times 'a'. */
static const char *const chunks_of_a[] = {
	"bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a",
	"2edc986847e209b4016e141a6dc8716d3207350f416969382d431539bf292e4a",
	EMPTY,
};

static void check_chunks(struct vector v, const char *const signatures[3], struct hc_sigv4_chunks *chunks)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_sigv4_claim claim;
	assert_int_equal(judge(v, SECRET, &arena, &claim), HC_SIGV4_FINE);
	/* a wrong signature, wrong bytes, another place in the chain */
	hc_sigv4_chunks_open(chunks, &claim, HC_STR(SECRET));
	assert_false(hc_sigv4_chunk_verify(chunks, hc_str(chunks_of_a[0]), hc_str(signatures[1])));
	hc_sigv4_chunks_open(chunks, &claim, HC_STR(SECRET));
	assert_false(hc_sigv4_chunk_verify(chunks, hc_str(chunks_of_a[1]), hc_str(signatures[0])));
	hc_sigv4_chunks_open(chunks, &claim, HC_STR(SECRET));
	assert_false(hc_sigv4_chunk_verify(chunks, hc_str(chunks_of_a[1]), hc_str(signatures[1])));
	hc_sigv4_chunks_open(chunks, &claim, HC_STR(SECRET));
	assert_false(hc_sigv4_chunk_verify(chunks, hc_str(chunks_of_a[0]), HC_STR("")));
	hc_sigv4_chunks_open(chunks, &claim, HC_STR("another"));
	assert_false(hc_sigv4_chunk_verify(chunks, hc_str(chunks_of_a[0]), hc_str(signatures[0])));
	hc_sigv4_chunks_open(chunks, &claim, HC_STR(SECRET));
	for (size_t i = 0; i < 3; i++)
		assert_true(hc_sigv4_chunk_verify(chunks, hc_str(chunks_of_a[i]), hc_str(signatures[i])));
}

static void test_chunks(void **state)
{
	(void)state;
	static const char *const signatures[] = {
		"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
	};
	const struct vector v = {
		CHUNKED("", "content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length",
			"4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9") "x-amz-content-sha256: "
											    "STREAMING-AWS4-HMAC-"
											    "SHA256-PAYLOAD\n",
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD"};
	struct hc_sigv4_chunks chunks;
	check_chunks(v, signatures, &chunks);
}

/* "Signature calculations for trailing headers (chunked uploads)" */
static void test_trailer(void **state)
{
	(void)state;
	static const char *const signatures[] = {
		"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
	};
	const struct vector v = {
		CHUNKED(";x-amz-trailer", "host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length",
			"106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e") "x-amz-content-sha256: "
											    "STREAMING-AWS4-HMAC-"
											    "SHA256-PAYLOAD-TRAILER\n"
											    "x-amz-trailer: "
											    "x-amz-checksum-crc32c\n",
		"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"};
	/* of "x-amz-checksum-crc32c:sOO8/Q==\n" */
	const struct hc_str sha256 = HC_STR("1e376db7e1a34a8ef1c4bcee131a2d60a1cb62503747488624e10995f448d774");
	const struct hc_str signature = HC_STR("d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
	struct hc_sigv4_chunks chunks, other;
	check_chunks(v, signatures, &chunks);
	other = chunks;
	assert_false(hc_sigv4_chunk_verify(&other, sha256, signature));
	other = chunks;
	assert_false(hc_sigv4_trailer_verify(&other, HC_STR(EMPTY), signature));
	assert_true(hc_sigv4_trailer_verify(&chunks, sha256, signature));
	assert_false(hc_sigv4_trailer_verify(&chunks, sha256, signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reference), cmocka_unit_test(test_botocore), cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_claim),     cmocka_unit_test(test_changes),  cmocka_unit_test(test_forms),
		cmocka_unit_test(test_limits),    cmocka_unit_test(test_chunks),   cmocka_unit_test(test_trailer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
