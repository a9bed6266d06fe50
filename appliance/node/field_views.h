// SPDX-License-Identifier: EUPL-1.2
//
// Fields of a form as pages show them.
#pragma once

#include "appliance/office/catalogue/catalogue.h"
#include "appliance/office/form/answers.h"
#include "kiosk/page/page.h"

#include <string>
#include <vector>

namespace amt::node {

std::vector<page::FieldView> fieldViews(const std::vector<const office::Field*>& fields,
                                        const office::Answers& answers,
                                        const std::vector<office::FieldFault>& faults,
                                        const std::string& language);
std::vector<const office::Field*> allFields(const office::Service& service);

} // namespace amt::node
