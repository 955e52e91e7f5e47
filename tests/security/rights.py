"""Who may open each address: written out, so that a new one must be thought about."""

EVERYBODY, SIGNED_IN, MAKERS, ADMINS = "everybody", "signed in", "marketers", "admins"
PROGRAMS = "programs"  # by a key, which no person has

_TABLE = {
    EVERYBODY: """
        static security.static api.description health.alive health.ready setup.first_run
        tracking.link tracking.counted_link
        preferences.leave preferences.leave_topic preferences.leave_page preferences.pause_instead
        preferences.stop_following
        preferences.show preferences.choose preferences.own_data
        own.copy own.erase own.again details.show details.correct
        signup.show signup.show_known signup.enter signup.enter_known signup.sent signup.look signup.confirm
        security.login security.logout security.forgot_password security.reset_password
        security.two_factor_token_validation security.two_factor_rescue security.mf_recovery
        security.tf_select
    """,
    SIGNED_IN: """
        home today.index today.everybody_engaged today.everything_due
        today.log_call today.set_step today.finish_step
        contacts.index contacts.show contacts.new contacts.create contacts.edit contacts.change contacts.take
        contacts_acts.everything contacts_acts.act_on_everything contacts_acts.act_on_ticked
        contacts_acts.label contacts_acts.count_everything contacts_acts.count_ticked
        contacts_acts.field_value
        printing.show
        contact_edits.index contact_edits.show contact_edits.progress contact_edits.pause contact_edits.resume
        contact_edits.cancel contact_edits.undo contact_edits.steer_undo
        verifying.index verifying.confirm asking.panel asking.ask
        companies.index companies.show companies.new companies.create companies.edit companies.change
        cleaning_addresses.hint cleaning_addresses.correct
        consent.mailing consent.panel consent.change consent.often consent.evidence
        rewards.counter rewards.buy rewards.panel
        crm.touch crm.timeline crm.log crm.bought crm.buy
        steps.next_steps steps.set_step steps.change
        delivery.letters
        analytics.index analytics.show analytics.coverage analytics.domains analytics.people analytics.export
        security.change_password security.verify security.two_factor_setup
        security.two_factor_setup_validate security.mf_recovery_codes
    """,
    MAKERS: """
        companies.delete
        asking_many.look asking_many.ask
        labels.index labels.create labels.edit labels.rename labels.merge labels.delete
        rights.show rights.copy
        rewards.index rewards.create rewards.show rewards.load
        forms.index forms.new forms.create forms.show forms.edit forms.change forms.switch forms.code
        form_looks.show form_looks.page form_looks.try_out
        products.index products.new products.create products.edit products.change
        fields.index fields.new fields.create fields.edit fields.change fields.move fields.archive
        fields.take_back fields.take_in fields.rename_option
        topics.index topics.new topics.create topics.edit topics.change topics.move
        consent.suppressed consent.suppress consent.release
        imports.index imports.upload imports.show imports.progress imports.reread imports.look imports.start
        imports.pause imports.resume imports.cancel imports.refused
        imports_ahead.look_ahead imports_ahead.stop imports_ahead.undo imports_ahead.progress
        exports.index exports.new exports.create exports.show exports.progress exports.fetch
        exports.pause exports.resume exports.cancel exports.remove
        ads.new ads.create ads.fetch_removal ads.confirm_removal
        cleaning.index cleaning.progress cleaning.look cleaning.steer cleaning.sure cleaning.merge_sure
        cleaning.compare cleaning.merge cleaning.different cleaning.again cleaning.merged
        cleaning.show_merge cleaning.undo
        cleaning_addresses.index cleaning_addresses.correct_domain cleaning_addresses.dismiss
        audiences.index audiences.new audiences.create audiences.edit audiences.change
        audiences.show audiences.people audiences.take audiences.remove
        audience_builder.preview audience_builder.exactly audience_builder.shares audience_builder.translate
        audience_asking.why audience_asking.of_contact audience_asking.overlap audience_asking.shared
        templates.index templates.new templates.starter_letter templates.create templates.edit templates.save
        templates.letter templates.contacts templates.copy templates.remove
        mailings.index mailings.new mailings.create mailings.edit mailings.change mailings.show
        mailings.content mailings.letter mailings.checks mailings.checks_dns mailings.status mailings.test
        mailings.send mailings.schedule mailings.unschedule mailings.pause mailings.resume mailings.cancel
        mailings.duplicate
        senders.index senders.new senders.create senders.show senders.change senders.checks senders.new_key
        senders.new_second_key senders.remove_second_key senders.make_default senders.remove
        delivery.progress delivery.messages delivery.send_again delivery.count_as_sent
        delivery.relay_log delivery.look_up delivery.settle
        analytics.export_people
        mailbox.index mailbox.show mailbox.html mailbox.download mailbox.clear
        pace.campaign pace.held
    """,
    ADMINS: """
        rights.erase rights.erasures rights.erasure rights.resume consent.lift
        silent.index silent.look silent.erase
        limits.show limits.change records.show records.change
        settings.index settings.change_organisation settings.users settings.invite settings.change_role
        settings.change_active settings.mail settings.send_test_mail settings.audit_log
        pace.index pace.sender pace.limit_sender pace.domain pace.limit_domain pace.free_domain pace.go_on
        setup.welcome setup.sample
        keys.index keys.create keys.revoke
    """,
    PROGRAMS: "api_counter.look api_counter.buy",
}

RIGHTS = {endpoint: who for who, endpoints in _TABLE.items() for endpoint in endpoints.split()}

# Whose rows are one's own or nobody's, for a salesperson; a colleague's do not exist.
PEOPLE = {
    EVERYBODY: {"nobody", "salesperson", "marketer", "admin"},
    SIGNED_IN: {"salesperson", "marketer", "admin"},
    MAKERS: {"marketer", "admin"},
    ADMINS: {"admin"},
    PROGRAMS: set(),
}
