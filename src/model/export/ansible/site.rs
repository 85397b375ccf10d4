//! site.yml: one play a level of the tree, then synchronous replication, then the proof, then what nobody needs any more.

use super::levels;
use super::playbook::{CLEAR, PROOF, SYNC, level_name};
use crate::model::export::parts::cluster_word;
use crate::model::topology::Topology;

pub fn site(topology: &Topology) -> String {
    let group = cluster_word(topology).replace('-', "_");
    let mut text =
        "# One play a level of the tree, so that every upstream runs before its standbys ask it.\n---\n"
            .to_owned();
    for level in 0..levels(topology).len() {
        text.push_str(&play(&level_name(level), &format!("{group}_level{level}"), ""));
        text.push_str("    - name: Servers\n      ansible.builtin.import_tasks: tasks/server.yml\n\n");
    }
    if !topology.synchronous_standby_names().is_empty() {
        text.push_str("# Last of all: before, commits would wait for standbys that are not there yet.\n");
        text.push_str(&play(SYNC, &format!("{group}_level0"), BECOME_USER));
        text.push_str(
            "    - name: The whole configuration\n      ansible.builtin.import_tasks: tasks/sync.yml\n\n",
        );
    }
    text.push_str(&play(PROOF, &group, BECOME_USER));
    text.push_str(
        "    - name: The cluster runs as drawn\n      ansible.builtin.import_tasks: tasks/prove.yml\n      \
         when: not ansible_check_mode\n\n",
    );
    text.push_str(
        "# Only after the proof: pgcascade names here the slots of standbys that moved away (pg_leaves).\n",
    );
    text.push_str(&play(CLEAR, &group, BECOME_USER));
    text.push_str(
        "    - name: Drop slots\n      ansible.builtin.include_tasks: tasks/clear.yml\n      \
         loop: \"{{ (pg_leaves | default({}))[inventory_hostname] | default([]) }}\"\n      loop_control:\n        \
         loop_var: pg_left_slot\n      when: not ansible_check_mode\n",
    );
    text
}

const BECOME_USER: &str = "  become_user: \"{{ pg_user }}\"\n";

fn play(name: &str, hosts: &str, more: &str) -> String {
    format!(
        "- name: {name}\n  hosts: {hosts}\n  gather_facts: false\n  any_errors_fatal: true\n  become: true\n{more}  tasks:\n"
    )
}
