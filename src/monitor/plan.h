/*
 * Plan: which files one execution reads, in the order in which it reads them.
 */
#ifndef HC_MONITOR_PLAN_H
#define HC_MONITOR_PLAN_H

#include "monitor/request.h"

/*
 * Lists the files of the request into `files` (source "labels", then "manifests", then "capture";
 * or "merged"; or "baseline"). HC_INPUT where an input is missing, HC_EMPTY where there is nothing in the
 * window: the message says which folders were looked for, the hint which there are.
 */
enum hc_code hc_plan(const struct hc_request *q, struct hc_input_files *files, struct hc_err *err) HC_MUST_USE;

/* A UUID (version 8) derived from what is read and nothing else: the same files, by their paths below the input
 * folders, hours and sizes, give the same one. */
enum { HC_UUID_SIZE = 37 };
void hc_plan_uuid(const struct hc_input_files *files, char out[HC_UUID_SIZE]);

#endif
