// A database of one test's own, made from a template that has the schema.
#pragma once

#include <string>

namespace moai::test {

/// Made by the constructor, dropped (with whatever is still connected to it) by the destructor. Safe to make from any
/// thread.
class TestDatabase {
public:
    enum class Content {
        schema,  ///< moai is installed
        empty,
    };

    /// On the shared cluster (see shared_cluster_url()).
    explicit TestDatabase(Content content = Content::schema);
    /// On the cluster of this superuser's URL.
    explicit TestDatabase(const std::string& cluster_url, Content content = Content::schema);
    ~TestDatabase();
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// As "moai_test", an ordinary login (no superuser; CREATEROLE) that owns the database and has installed the
    /// schema.
    [[nodiscard]] std::string url() const;
    /// As another login.
    [[nodiscard]] std::string url_as(const std::string& login) const;
    /// As the superuser.
    [[nodiscard]] std::string admin_url() const;

private:
    std::string cluster_url_, name_;
};

}  // namespace moai::test
