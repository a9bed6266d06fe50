// SPDX-License-Identifier: EUPL-1.2
//
// A region for the gateway's books: towns, their offices, their nodes, and the folder that
// amt-gateway starts with. Ids and secrets follow from numbers, keys are the tests' own.
#pragma once

#include "sync/envelope/envelope.h"

#include <filesystem>
#include <string>

namespace amt::fleet {

inline constexpr const char* service = "99108001001000";
inline constexpr const char* regionHost = "gateway.example"; ///< Host header and `iss`

struct Region {
    int towns = 1;
    int nodes = 1;

    int townOf(int node) const { return node % towns; }
};

std::string nodeClient(int node);
std::string officeClient(int town);
std::string secretOf(const std::string& client);
std::string destinationOf(int town);

/// What `amt-gateway init` writes, for any number of gateways on 127.0.0.1.
void writeState(const std::filesystem::path& state);
std::string authorityOf(const std::filesystem::path& state); ///< PEM
/// Schema, towns, offices and nodes, in one commit. `database`: libpq's words.
void fillBooks(const std::string& database, const Region& region);

const envelope::RsaKey& destinationSealingKey(); ///< public
const envelope::RsaKey& destinationSigningKey(); ///< private
inline constexpr const char* sealingKid = "destination-encryption-1";
inline constexpr const char* signingKid = "destination-signature-1";
const envelope::IssuerKeys& serviceKeys();
envelope::IssuerKeys destinationKeys(int town);

} // namespace amt::fleet
