// Makes the book's tables sortable and searchable. Without it they are plain tables.
// merTables comes from datatables.js, which the build writes beside this file from the installed itables package.
window.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.mer-table.searchable")) {
    if (!window.merTables) return;
    new window.merTables.DataTable(table, {
      pageLength: 10,
      lengthMenu: [10, 25, 100, { label: "all", value: -1 }],
      order: [],
      autoWidth: false,
    });
  }
});
