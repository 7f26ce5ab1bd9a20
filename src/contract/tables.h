/*
 * What tools/contract makes of api/ (contract_tables.c in the build directory).
 */
#ifndef HC_CONTRACT_TABLES_H
#define HC_CONTRACT_TABLES_H

#include "contract/contract.h"

/* In the order of service and name. */
extern const struct hc_operation hc_contract_operations[];
extern const size_t hc_contract_n_operations;
/* Patterns as PCRE2 has them; [0] is NULL. */
extern const char *const hc_contract_patterns[];
extern const size_t hc_contract_n_patterns;

#endif
