/*
 * What all List operations share: the filter from the members of the input, one page of resources, their summaries, the next token.
 */
#ifndef HC_SAGEMAKER_LIST_H
#define HC_SAGEMAKER_LIST_H

#include "catalog/resource.h"
#include "service/service.h"

enum { HC_LIST_DEFAULT = 10, HC_LIST_ALERTS_DEFAULT = 100, HC_LIST_TAGS_MIN = 50 };

/*
 * A filter over a kind from whatever of these the input has: NameContains, StatusEquals, EndpointName, MonitoringJobDefinitionName,
 * MonitoringTypeEquals, CreationTime/LastModifiedTime/ScheduledTime Before/After, SortBy (Name, CreationTime, Status, ScheduledTime; default CreationTime),
 * SortOrder, MaxResults (`otherwise` when it is not there), NextToken. `descending` is the order when SortOrder is not there: ListProcessingJobs
 * alone begins with the oldest. Texts point into call->in.
 */
struct hc_resource_filter hc_list_filter(const struct hc_call *call, enum hc_kind kind, size_t otherwise,
					 bool descending);

/* ListModels, ListEndpoints and ListEndpointConfigs document CreationTimeAfter and LastModifiedTimeAfter as "at or after". */
void hc_list_after_or_at(struct hc_resource_filter *filter);

/* Puts the members of one resource's summary into an object; false without memory. */
typedef bool hc_list_summary(const struct hc_call *call, const struct hc_resource *r, json_t *summary);

/* One page: call->out gets `member`, a list of summaries, and NextToken if more follow. A bad token: ValidationException. */
enum hc_code hc_list_page(struct hc_call *call, struct hc_db *db, const struct hc_resource_filter *filter,
			  const char *member, hc_list_summary *summarise, struct hc_err *err) HC_MUST_USE;

/* Says that NextToken is none of ours. */
enum hc_code hc_list_bad_token(struct hc_call *call, struct hc_err *err);

/*
 * NextToken is a letter that says what is listed, and the catalog's token: that of one list is refused by the others, which would begin somewhere. Resources have
 * the letters from 'A' on; taking leaves the catalog's token, putting adds it to call->out (p == NULL: there is none).
 */
enum { HC_LIST_OF_CHANGES = 'a' };
enum hc_code hc_list_take_token(struct hc_call *call, char list, struct hc_str *token, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_list_put_token(struct hc_call *call, char list, struct hc_str next, struct hc_err *err) HC_MUST_USE;

#endif
