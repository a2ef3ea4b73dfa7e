// SPDX-License-Identifier: GPL-3.0-or-later
// Precompiled for every source of ui/widgets, ui/panels and their tests.
#pragma once
#include <QtCore>
#include <QtGui>
#include <QtWidgets>
#include <functional>
#include <memory>
#include <string>
#include <vector>
