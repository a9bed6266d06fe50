// SPDX-License-Identifier: EUPL-1.2
//
// The lead's pages as template data: opening hours with their week grid, figures with their charts;
// inside the module only. German, as the desk is.
#pragma once

#include "kiosk/page/surfaces.h"

namespace amt::page {

Data hoursData(const Texts& texts, const HoursPage& view);
Data hoursChangeData(const Texts& texts, const HoursChangePage& view);
Data statisticsData(const Texts& texts, const StatisticsPage& view);

} // namespace amt::page
