// SPDX-License-Identifier: EUPL-1.2
//
// TerminalSigner of a folder, whose certificates are renewed every other day by whoever fetches
// them (TR-03128: a terminal's certificate lives for days).
#pragma once

#include "appliance/node/node.h"

#include <memory>
#include <string>

namespace amt::node {

/// The key that terminal.pkcs11 names or that terminal.pkcs8 is, with the certificates beside it
/// (terminalCertificatesIn). The folder is looked at before each read: what is new and whole is
/// taken, and what is not whole yet leaves the signer as it was. Never throws here: a town hall
/// opens without card reading, too.
std::unique_ptr<TerminalSigner> makeFolderSigner(std::string folder);

} // namespace amt::node
