// SPDX-License-Identifier: GPL-3.0-or-later
// Precompiled for every source of ui/models.
#pragma once
#include <QAbstractItemModel>
#include <QObject>
#include <QString>
#include <QVector>
#include <functional>
#include <memory>
#include <string>
#include <vector>
