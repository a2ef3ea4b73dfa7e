// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once
#include <string>
#include <vector>

#include "engine/store/project_rows.h"

namespace dsw {

/// The last sample of each kind as HTML: generated text, confusion matrix, wrong examples with their pictures inside the page.
/// What cannot be read is left out.
std::string samples_html(const std::vector<SampleRow>& samples);

}  // namespace dsw
