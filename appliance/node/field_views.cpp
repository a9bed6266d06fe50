// SPDX-License-Identifier: EUPL-1.2
//
// Kinds, values and origins of fields in the words of kiosk/page.
#include "appliance/node/field_views.h"

namespace amt::node {
namespace {

std::string kindOf(office::FieldKind kind)
{
    switch (kind) {
    case office::FieldKind::Name:
    case office::FieldKind::Text:
    case office::FieldKind::PostalCode:
        return "text";
    case office::FieldKind::Date:
        return "date";
    case office::FieldKind::Plate:
        return "plate";
    case office::FieldKind::Choice:
        return "choice";
    case office::FieldKind::YesNo:
        return "yesno";
    }
    return "text";
}

} // namespace

std::vector<page::FieldView> fieldViews(const std::vector<const office::Field*>& fields,
                                        const office::Answers& answers,
                                        const std::vector<office::FieldFault>& faults,
                                        const std::string& language)
{
    std::vector<page::FieldView> views;
    for (const auto* field : fields) {
        page::FieldView view;
        view.name = field->name;
        view.kind = kindOf(field->kind);
        view.labelKey = field->labelKey;
        view.helpKey = field->helpKey;
        view.optional = field->optional;
        if (const auto answer = answers.find(field->name); answer != answers.end()) {
            view.value = answer->second.value;
            view.origin = std::string(office::name(answer->second.origin));
        }
        for (const auto& option : field->options)
            view.options.push_back({option.value, office::textIn(option.label, language)});
        for (const auto& fault : faults) {
            if (fault.field == field->name) {
                view.errorKey = fault.errorKey;
                view.errorDetail = fault.detail;
                break;
            }
        }
        views.push_back(std::move(view));
    }
    return views;
}

std::vector<const office::Field*> allFields(const office::Service& service)
{
    std::vector<const office::Field*> fields;
    for (const auto& field : service.fields)
        fields.push_back(&field);
    return fields;
}

} // namespace amt::node
